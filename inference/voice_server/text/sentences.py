"""Cutting a text into pieces to speak: at ends of sentences, else at clauses, else between words."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, zip_longest

LEAST, MOST = 10, 500

_STOPS = re.compile(r"[.!?]+$")
_CLOSING = "\"')]”’»"
_OPENING = "\"'([“‘«¿¡-–—"
_CLAUSE_ENDS = (",", ";", ":", "...", "…", "—", "–")
_DOTTED = re.compile(r"(?:[^\W\d_]{1,2}\.)+[^\W\d_]{1,2}")
_GO_ON = (
    "dr dra drs dras sr sra srs sras srta prof profa profs eng arq adv exmo exma ilmo ilma av trav rod "
    "pça jd tel cel pág pag págs séc cap vol fig ref obs ex p pp n nº art arts fl fls d s r al pe fr sto "
    "sta gov gen gal maj sgto mr mrs ms st mt rev rep sen col capt lt sgt no vs ch sec approx aprox sres "
    "ing lic avda núm ud uds gral dña"
)
_ABBREVIATIONS = frozenset(_GO_ON.split())
"""Those after which a sentence goes on, of all languages: the splitter does not ask which it reads."""


def split(text: str, least: int = LEAST, most: int = MOST) -> list[str]:
    """`text` in pieces of at most `most` characters, as whole as can be; nothing but white space is lost.

    A piece below `least` joins a neighbour unless both together exceed `most`. Only a word that is longer than
    `most` by itself is cut.
    """
    if not 0 <= least <= most or not most:
        raise ValueError(f"least {least}, most {most}: write 0 <= least <= most and a most of at least 1")
    pieces = (piece for sentence in _sentences(text) for piece in _fitting(sentence, most))
    return _without_short(pieces, least, most)


def opened(pieces: Sequence[str], least: int) -> list[str]:
    """The pieces, the first cut after its first clauses of together at least `least` characters, to be heard sooner.

    It stays whole where it has no such clause, or where not as much would be left behind it.
    """
    first, *others = pieces
    opening = ""
    for clause in _clauses(first.split()):
        opening = f"{opening} {' '.join(clause)}".lstrip()
        if len(opening) >= least:
            break
    rest = first[len(opening) :].lstrip()
    return [opening, rest, *others] if len(rest) >= least else [first, *others]


def _sentences(text: str) -> Iterator[list[str]]:
    for has_words, lines in groupby(text.splitlines(), key=lambda line: bool(line.strip())):
        if has_words:
            yield from _of_paragraph(" ".join(lines).split())


def _of_paragraph(words: Sequence[str]) -> Iterator[list[str]]:
    sentence: list[str] = []
    for word, following in zip_longest(words, words[1:], fillvalue=""):
        sentence.append(word)
        if not following or _ends(word, following, is_first=len(sentence) == 1):
            yield sentence
            sentence = []


def _ends(word: str, following: str, *, is_first: bool) -> bool:
    """Whether a sentence ends with `word`, where `following` comes next."""
    core = word.rstrip(_CLOSING)
    stops = _STOPS.search(core[-4:])
    if not stops or following.lstrip(_OPENING)[:1].islower():
        return False
    if "." not in stops[0]:
        return True
    return stops[0] == "." and not _is_abbreviation(core[:-1].lstrip(_OPENING), is_first=is_first)


def _is_abbreviation(word: str, *, is_first: bool) -> bool:
    is_initial = len(word) == 1 and word.isupper()
    is_list_mark = is_first and word.isdecimal()
    return is_initial or is_list_mark or word.lower() in _ABBREVIATIONS or bool(_DOTTED.fullmatch(word[:24]))


def _fitting(words: Sequence[str], most: int) -> Iterator[str]:
    sentence = " ".join(words)
    if len(sentence) <= most:
        yield sentence
        return
    parts = (part for clause in _clauses(words) for part in _cut(clause, most))
    yield from _packed(parts, most)


def _clauses(words: Sequence[str]) -> Iterator[list[str]]:
    clause: list[str] = []
    for word in words:
        clause.append(word)
        if word.rstrip(_CLOSING).endswith(_CLAUSE_ENDS):
            yield clause
            clause = []
    if clause:
        yield clause


def _cut(clause: Sequence[str], most: int) -> Iterable[str]:
    whole = " ".join(clause)
    if len(whole) <= most:
        return [whole]
    return _packed((word[at : at + most] for word in clause for at in range(0, len(word), most)), most)


def _packed(parts: Iterable[str], most: int) -> Iterator[str]:
    """As many parts in a piece as fit."""
    piece = ""
    for part in parts:
        if piece and len(piece) + 1 + len(part) > most:
            yield piece
            piece = part
        else:
            piece = f"{piece} {part}" if piece else part
    if piece:
        yield piece


def _without_short(pieces: Iterable[str], least: int, most: int) -> list[str]:
    kept: list[str] = []
    for piece in pieces:
        if kept and min(len(kept[-1]), len(piece)) < least and len(kept[-1]) + 1 + len(piece) <= most:
            kept[-1] = f"{kept[-1]} {piece}"
        else:
            kept.append(piece)
    return kept

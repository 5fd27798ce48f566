"""Abbreviations in full: Dr., Av., p. ex., vc."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from voice_server.text.rules import LETTER, Step, one_of, rule

_BEFORE = r"(?<![\w.@/'-])"
_LOOK, _LONGEST_PARTICLE = 24, 4
_SENTENCE_FOLLOWS = re.compile(r"\s*$|\s+[\"'(]?[A-ZÀ-Ý]")


@dataclass(frozen=True, eq=False)
class Abbreviations:
    """Keys are in lower case and without the last point, but phrases, which are as they are written."""

    anywhere: Mapping[str, str]
    before_names: Mapping[str, str]  # D. Pedro, R. Augusta; some stand without a point
    before_numbers: Mapping[str, str]  # p. 5, n. 3
    phrases: Mapping[str, str]
    words: Mapping[str, str]  # without a point: vc
    closing: Collection[str]  # may end a sentence before a capital: etc.
    regions: Mapping[str, str]  # after a place: Fortaleza (CE), Curitiba-PR
    pointless: Collection[str]  # of before_names, those that stand without a point too


def rules(table: Abbreviations) -> Iterator[Step]:
    yield rule(rf"{_BEFORE}(?:{one_of(table.phrases)})", lambda found: _phrase(found, table))
    numbered = _letters(table.before_numbers)
    yield rule(
        rf"{_BEFORE}({numbered})(?:\.|(?=[º°]))[º°]? ?(?=\d|[IVXLC]+\b)",
        lambda found: _cased(found[1], table.before_numbers) + " ",
        re.IGNORECASE,
    )
    named = _letters(table.before_names)
    pointless = _letters(table.pointless)
    yield rule(
        rf"{_BEFORE}(?:({named})\.|({pointless})(?= )) ?(?=(?-i:[A-ZÀ-Ý]))",
        lambda found: _titled(found, table),
        re.IGNORECASE,
    )
    yield rule(rf"{_BEFORE}({LETTER}{{1,8}}+)\.(?!{LETTER})", lambda found: _dotted(found, table), needs=".")
    if table.regions:
        region = one_of(table.regions)
        yield rule(
            rf"(?<=[a-zà-ÿ])(?: \((?P<within>{region})\)| ?[/-] ?(?P<after>{region})(?![/-]))",
            lambda found: f", {table.regions[found['within'] or found['after']]},",
        )
    if table.words:
        yield rule(
            rf"{_BEFORE}(?:{one_of(table.words)})(?![@'/-])",
            lambda found: None if found[0].isupper() else _cased(found[0], table.words),
            re.IGNORECASE,
        )


def _letters(table: Collection[str]) -> str:
    return "|".join(sorted(map(re.escape, table), key=len, reverse=True)) or "(?!)"


def _phrase(found: re.Match[str], table: Abbreviations) -> str:
    return table.phrases[found[0]] + _stop(found)


def _titled(found: re.Match[str], table: Abbreviations) -> str | None:
    """A single letter is a title after a short word only (o D. Pedro): else it ends one (vitamina D. Ela)."""
    written = found[1] or found[2]
    before = found.string[max(0, found.start() - _LOOK) : found.start()].split()
    is_other = before and (before[-1].endswith(".") or len(before[-1]) > _LONGEST_PARTICLE)
    if len(written) == 1 and is_other and before[-1][-1].isalnum() | before[-1][:1].isupper():
        return None
    return _cased(written, table.before_names) + " "


def _dotted(found: re.Match[str], table: Abbreviations) -> str | None:
    key = found[1].lower()
    if key not in table.anywhere:
        return None
    is_last = found.end() == len(found.string)
    return _cased(found[1], table.anywhere) + (_stop(found) if is_last or key in table.closing else "")


def _stop(found: re.Match[str]) -> str:
    ends = found[0].endswith(".") and _SENTENCE_FOLLOWS.match(found.string, found.end())
    return "." if ends else ""


def _cased(written: str, table: Mapping[str, str]) -> str:
    full = table[written.lower()]
    return full[0].upper() + full[1:] if written[0].isupper() else full

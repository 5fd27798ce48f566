"""Abbreviations in full: Dr., Av., p. ex., vc."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from voice_server.text.rules import LETTER, Step, one_of, rule, stop

_BEFORE = r"(?<![\w.@/'-])"
_LOOK, _LONGEST_PARTICLE = 24, 4


@dataclass(frozen=True, eq=False)
class Abbreviations:
    """Keys are in lower case and without the last point, but phrases, which are as they are written."""

    anywhere: Mapping[str, str]
    before_names: Mapping[str, str]  # D. Pedro, R. Augusta; some stand without a point
    before_numbers: Mapping[str, str]  # p. 5, n. 3
    phrases: Mapping[str, str]
    words: Mapping[str, str]  # without a point: vc
    closing: Collection[str]  # of anywhere and phrases, those that may end a sentence before a capital: etc.
    regions: Mapping[str, str]  # after a place: Fortaleza (CE), Curitiba-PR
    pointless: Collection[str]  # of before_names, those that stand without a point too
    before_women: Mapping[str, str] = field(default_factory=dict)  # of before_names: D. Maria
    women: str = "(?!)"  # a pattern of their names


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
        rf"{_BEFORE}(?:(?<!\d )({named})\.|({pointless})(?= )) ?(?=(?-i:[A-ZÀ-Ý]))",
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
    return table.phrases[found[0]] + _closed(found, found[0], table)


def _titled(found: re.Match[str], table: Abbreviations) -> str | None:
    """A single letter is a title after a short word only (o D. Pedro): else it ends one (vitamina D. Ela)."""
    written = found[1] or found[2]
    if len(written) == 1 and found.string.startswith(".", found.end() + 1):
        return None
    before = found.string[max(0, found.start() - _LOOK) : found.start()].split()
    is_other = before and (before[-1].endswith(".") or len(before[-1]) > _LONGEST_PARTICLE)
    if len(written) == 1 and is_other and before[-1][-1].isalnum() | before[-1][:1].isupper():
        return None
    titles = table.before_names
    if written.lower() in table.before_women and re.compile(table.women).match(found.string, found.end()):
        titles = table.before_women
    return _cased(written, titles) + " "


def _dotted(found: re.Match[str], table: Abbreviations) -> str | None:
    key = found[1].lower()
    if key not in table.anywhere:
        return None
    return _cased(found[1], table.anywhere) + _closed(found, key, table)


def _closed(found: re.Match[str], key: str, table: Abbreviations) -> str:
    is_last = found.end() == len(found.string)
    return stop(found) if is_last or key in table.closing else ""


def _cased(written: str, table: Mapping[str, str]) -> str:
    full = table[written.lower()]
    return full[0].upper() + full[1:] if written[0].isupper() else full

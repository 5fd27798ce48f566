"""Fractions: 1/2, 3/4 de hora, 2 1/2 kg, 110/220 V, and what is none: 24/7."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from voice_server.text.nouns import Nouns
from voice_server.text.numbers import Form, Noun, Number, Numerals
from voice_server.text.rules import END, START, Step, rule, stop
from voice_server.text.units import Measures

_LONGEST_NUMERATOR = 2
_LONGEST_DENOMINATOR = 4
_FRACTION = rf"{START}(?<!/)(?:(?P<whole>\d{{1,4}}+) )?(?P<top>\d++)/(?P<bottom>\d++)"


@dataclass(frozen=True, eq=False)
class Fractions:
    """The names of parts, and how a part of a unit is said."""

    half: Mapping[Form, str]
    parts: Mapping[int, tuple[str, str]]  # denominators with a name: one, many
    suffix: tuple[str, str]  # what makes a denominator of a cardinal, up to `largest_part`: one, many
    largest_part: int
    and_: str
    slash: str
    over: str  # between the numbers of 24/7
    half_unit: str  # with {half} and {unit}
    part_unit: str  # with {share} and {unit}
    mixed: str  # 2 1/2 kg: with {counted}, or {whole} and {units}, and {share}
    articled: Mapping[str, str]  # units as that of which there is a part, where they take an article


def of_units(table: Fractions, measures: Measures, numerals: Numerals) -> Iterator[Step]:
    """Fractions with a unit."""

    def say(found: re.Match[str]) -> str | None:
        noun = measures.units[found["unit"]]
        said = _measured(found, noun, table, numerals)
        return said and said + stop(found)

    yield rule(rf"{_FRACTION} ?(?P<unit>{measures.symbols})", say, needs="/")


def rules(table: Fractions, nouns: Nouns, numerals: Numerals) -> Iterator[Step]:
    """All others."""

    def say(found: re.Match[str]) -> str | None:
        top, bottom, whole = found["top"], found["bottom"], found["whole"]
        many, one = (nouns.form(found.string, 0, found.end(), one=one) for one in (False, True))
        form = Form.FEMININE if Form.FEMININE in (many, one) else many
        if not whole and len(bottom) < len(top) == _LONGEST_NUMERATOR and top[0] != "0":
            return " ".join(filter(None, (numerals.cardinal(top), table.over, numerals.cardinal(bottom))))
        share = _share(top, bottom, form, table, numerals)
        return f"{numerals.cardinal(whole, form)} {table.and_} {share}" if share and whole else share

    yield rule(rf"{_FRACTION}(?![/.,]?\d){END}", say, needs="/")
    yield rule(r"(?<=\d) ?/ ?(?=\d)", lambda _: f" {table.slash} ", needs="/")


def _measured(found: re.Match[str], noun: Noun, table: Fractions, numerals: Numerals) -> str | None:
    top, bottom, whole = found["top"], found["bottom"], found["whole"]
    is_named = len(bottom) <= _LONGEST_DENOMINATOR and int(bottom) in table.parts
    share = _share(top, bottom, noun.form, table, numerals) if is_named else None
    if whole:
        counted = numerals.count(Number(whole), noun)
        number = numerals.cardinal(whole, noun.form)
        return share and table.mixed.format(counted=counted, whole=number, share=share, units=noun.many)
    if share is None:
        return f"{numerals.cardinal(top, noun.form)} {table.slash} {numerals.count(Number(bottom), noun)}"
    if (top, bottom) == ("1", "2"):
        return table.half_unit.format(half=share, unit=table.articled.get(noun.one, noun.one))
    return table.part_unit.format(share=share, unit=table.articled.get(noun.one, noun.one))


def _share(top: str, bottom: str, form: Form, table: Fractions, numerals: Numerals) -> str | None:
    if (
        len(top) > _LONGEST_NUMERATOR
        or len(bottom) > _LONGEST_DENOMINATOR
        or top[0] == "0"
        or bottom[0] == "0"
    ):
        return None
    if (top, bottom) == ("1", "2"):
        return table.half.get(form, table.half[Form.PLAIN])
    count = numerals.cardinal(top, Form.MASCULINE)
    if int(bottom) in table.parts:
        return f"{count} {table.parts[int(bottom)][top != '1']}"
    if not int(top) < int(bottom) <= table.largest_part:
        return None
    return f"{count} {numerals.cardinal(bottom)}{table.suffix[top != '1']}"

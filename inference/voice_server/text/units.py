"""Measures: 12,5 %, 80 km/h, 30 °C, 5 m², 10-20 kg, 9,8 m/s²."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from voice_server.text.numbers import Noun, Numerals
from voice_server.text.rules import LETTER, NUMBER, SIGN, START, Step, one_of, rule


@dataclass(frozen=True, eq=False)
class Measures:
    """Units by their symbols, and the words between numbers and units."""

    units: Mapping[str, Noun]
    per: str
    to: str
    joints: tuple[str, ...]  # words that join two numbers with one unit
    per_words: tuple[str, ...]  # what a measure is per, as a word: dia, mês
    alone: tuple[str, ...]  # symbols that are read without a number too


def measured(measures: Measures, numerals: Numerals) -> Iterator[Step]:
    """Numbers with a unit."""
    units = one_of(measures.units)
    joint = rf"(?P<joint> ?- ?| (?:{one_of(measures.joints)}) )"
    first = rf"(?P<first>{NUMBER}){joint}"

    def say(found: re.Match[str]) -> str | None:
        noun = measures.units[found["unit"]]
        number = numerals.read(found["number"])
        if number is None:
            return None
        said = numerals.count(number, noun)
        if found["first"]:
            said = f"{numerals.say(found['first'], noun.form)} {_joint(found['joint'], measures)} {said}"
        return f"{said} {measures.per} {measures.units[found['per']].one}" if found["per"] else said

    yield rule(
        rf"{START}(?:{first})?(?P<number>{SIGN}{NUMBER}) ?(?P<unit>{units})(?:/(?P<per>{units}))?", say
    )


def alone(measures: Measures) -> Iterator[Step]:
    """Symbols that stand without a number: o preço do kg, reais/kg."""
    symbols = one_of(measures.alone)
    yield rule(
        rf"(?<={LETTER}{{2}})/(?=(?:{one_of(measures.per_words)}))", lambda _: f" {measures.per} ", needs="/"
    )
    yield rule(rf"(?<![\w/.@-])(?:{symbols})(?![\w/@-])", lambda found: measures.units[found[0]].one)
    yield rule(
        rf"(?<={LETTER}{{2}})/(?P<unit>{symbols})(?![/.])",
        lambda found: f" {measures.per} {measures.units[found['unit']].one}",
        needs="/",
    )


def _joint(written: str, measures: Measures) -> str:
    return measures.to if "-" in written else written.strip()

"""Measures: 12,5 %, 80 km/h, 30 °C, 5 m², 10-20 kg, 10 mil km, 9,8 m/s²."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from voice_server.text.numbers import Form, Noun, Numerals
from voice_server.text.rules import END, LETTER, NUMBER, SIGN, START, Step, dash, one_of, rule, stop


@dataclass(frozen=True, eq=False)
class Measures:
    """Units by their symbols, and the words between numbers and units."""

    units: Mapping[str, Noun]
    per: str
    to: str
    joints: tuple[str, ...]  # words that join two numbers with one unit
    per_words: tuple[str, ...]  # what a measure is per, as a word: dia, mês
    alone: tuple[str, ...]  # symbols that are read without a number too
    before: Mapping[str, str] = field(default_factory=dict)
    """Symbols that are words too, and a pattern of what follows where they are none."""

    @cached_property
    def symbols(self) -> str:
        """A pattern of every unit's symbol."""
        doubtful = "".join(rf"{re.escape(symbol)}{END}(?={after})|" for symbol, after in self.before.items())
        return doubtful + one_of(symbol for symbol in self.units if symbol not in self.before)


def measured(measures: Measures, numerals: Numerals) -> Iterator[Step]:
    """Numbers with a unit."""
    units = measures.symbols
    joint = rf"(?P<joint> ?- ?| (?:{one_of(measures.joints)}) )"
    first = rf"(?P<first>{SIGN}{NUMBER}){joint}"
    scales = one_of(dict.fromkeys(word for scale in numerals.scales for word in scale))
    scale = rf"(?: (?P<scale>(?i:{scales}))(?P<of>{f' {numerals.of_millions}' if numerals.of_millions else ''})?)?"

    def say(found: re.Match[str]) -> str | None:
        said = _said(found, measures, numerals)
        if said is None:
            return None
        if found["first"]:
            form = _form(found, measures, numerals)
            said = f"{numerals.say(found['first'], form)}{_joint(found, measures, numerals)}{said}"
        if found["per"]:
            said = f"{said} {measures.per} {measures.units[found['per']].one}"
        return said + (_dash(found, measures, numerals) if found["dash"] else stop(found))

    yield rule(
        rf"{START}(?<!\d/)(?:{first})?(?P<number>{SIGN}{NUMBER}){scale} ?(?P<unit>{units})(?:/(?P<per>{units}))?"
        rf"(?P<dash> ?- ?(?={NUMBER} ?(?P=unit)(?![^\W_])))?",
        say,
    )


def powers(measures: Measures) -> Iterator[Step]:
    """Units with a power that stand without a number: o preço do m², habitantes/km²."""
    yield from _unnumbered(measures, [symbol for symbol in measures.units if "^" in symbol], needs="^")


def alone(measures: Measures) -> Iterator[Step]:
    """Symbols that stand without a number: o preço do kg, reais/kg."""
    yield rule(
        rf"(?<={LETTER}{{2}})/(?=(?:{one_of(measures.per_words)}))", lambda _: f" {measures.per} ", needs="/"
    )
    yield from _unnumbered(measures, measures.alone)


def _unnumbered(measures: Measures, symbols: Collection[str], *, needs: str = "") -> Iterator[Step]:
    names = one_of(symbols)
    yield rule(
        rf"(?<![\w/.@-])(?:{names})(?![\w/@-])", lambda found: measures.units[found[0]].one, needs=needs
    )
    yield rule(
        rf"(?<={LETTER}{{2}})/(?P<unit>{names})(?![/.]\w)",
        lambda found: f" {measures.per} {measures.units[found['unit']].one}",
        needs="/",
    )


def _said(found: re.Match[str], measures: Measures, numerals: Numerals) -> str | None:
    noun = measures.units[found["unit"]]
    number = numerals.read(found["number"])
    if number is None:
        return None
    if not found["scale"]:
        return numerals.count(number, noun)
    words = numerals.words(number, _form(found, measures, numerals))
    return f"{words} {found['scale'].lower()}{found['of'] or ''} {noun.many}"


def _form(found: re.Match[str], measures: Measures, numerals: Numerals) -> Form:
    """That of the unit, but of millions, which are masculine nouns themselves."""
    is_noun = found["scale"] and found["scale"].lower() != numerals.scales[0][0]
    return Form.MASCULINE if is_noun else measures.units[found["unit"]].form


def _joint(found: re.Match[str], measures: Measures, numerals: Numerals) -> str:
    return _dash(found, measures, numerals) if "-" in found["joint"] else found["joint"]


def _dash(found: re.Match[str], measures: Measures, numerals: Numerals) -> str:
    return dash(found, to=measures.to, minus=numerals.signs["-"])

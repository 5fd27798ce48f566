"""The rules of a language in their order: each takes what the ones before it left."""

import re
from collections.abc import Iterator
from functools import cache

from voice_server.text import (
    abbreviations,
    acronyms,
    codes,
    dates,
    fractions,
    hours,
    money,
    quantities,
    roman,
    symbols,
    units,
    web,
)
from voice_server.text.errors import TextError
from voice_server.text.hygiene import clean
from voice_server.text.languages import spoken_as
from voice_server.text.languages.frame import Language
from voice_server.text.rules import Step

_SHOWN = 40
_MOST_ROUNDS = 5
"""What was stuck to a number is read in the next round; a fourth has never been seen to change anything."""
_DIGIT = re.compile("[0-9]")


def normalise(text: str, language: str = "pt-BR") -> str:
    """`text` as it is said in `language`: numbers, signs and abbreviations in words, on one line.

    What comes out comes out of it again unchanged. TextError where there is nothing to say, or no such language.
    """
    spoken = spoken_as(language)
    said = clean(text)
    for _ in range(_MOST_ROUNDS):
        before, said = said, _once(said, spoken)
        if said == before:
            break
    if not any(character.isalpha() for character in said):
        raise TextError(
            f"text: there is nothing to say in {text[:_SHOWN]!r}; write at least one letter or digit"
        )
    return said


def _once(text: str, spoken: Language) -> str:
    first, numeric, last = _steps(spoken)
    steps = (*first, *numeric, *last) if _DIGIT.search(text) else (*first, *last)
    for step in steps:
        text = step(text)
    return text


@cache
def _steps(spoken: Language) -> tuple[tuple[Step, ...], ...]:
    """What is read before numbers, numbers, and what is read after them."""
    return tuple(_before(spoken)), tuple(_numeric(spoken)), tuple(_after(spoken))


def _before(spoken: Language) -> Iterator[Step]:
    yield symbols.without_emoticons
    yield from web.rules(spoken.web, spoken.letters.names)
    yield from abbreviations.rules(spoken.abbreviations)
    yield from roman.rules(spoken.roman, spoken.nouns, spoken.numerals)


def _numeric(spoken: Language) -> Iterator[Step]:
    numerals = spoken.numerals
    yield from quantities.before_all(numerals)
    yield from dates.rules(spoken.calendar, numerals)
    yield from codes.rules(spoken.codes, numerals)
    yield from money.rules(spoken.money, numerals)
    yield from fractions.of_units(spoken.fractions, spoken.measures, numerals)
    yield from hours.rules(spoken.clock, numerals)
    yield from quantities.before_units(spoken.quantities, numerals)
    yield from units.measured(spoken.measures, numerals)
    yield from units.powers(spoken.measures)
    yield from fractions.rules(spoken.fractions, spoken.nouns, numerals)
    yield from quantities.rules(spoken.quantities, spoken.nouns, numerals)


def _after(spoken: Language) -> Iterator[Step]:
    yield from units.alone(spoken.measures)
    yield from symbols.of_several(spoken.symbols)
    yield from acronyms.rules(spoken.letters)
    yield from symbols.rules(spoken.symbols)

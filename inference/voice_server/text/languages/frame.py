"""What a language is here: a table for each concern."""

from collections.abc import Mapping
from dataclasses import dataclass

from voice_server.text.abbreviations import Abbreviations
from voice_server.text.acronyms import Letters
from voice_server.text.codes import Codes
from voice_server.text.dates import Calendar
from voice_server.text.fractions import Fractions
from voice_server.text.hours import Clock
from voice_server.text.money import Money
from voice_server.text.nouns import Nouns
from voice_server.text.numbers import Numerals
from voice_server.text.quantities import Quantities
from voice_server.text.roman import Roman
from voice_server.text.units import Measures
from voice_server.text.web import Web


@dataclass(frozen=True, eq=False)
class Language:
    tag: str
    numerals: Numerals
    nouns: Nouns
    calendar: Calendar
    clock: Clock
    codes: Codes
    money: Money
    measures: Measures
    fractions: Fractions
    quantities: Quantities
    roman: Roman
    abbreviations: Abbreviations
    letters: Letters
    web: Web
    symbols: Mapping[str, str]

"""American English."""

from voice_server.text.languages.en_us.amounts import MEASURES, MONEY
from voice_server.text.languages.en_us.numbers import FRACTIONS, NOUNS, NUMERALS, QUANTITIES, ROMAN
from voice_server.text.languages.en_us.times import CALENDAR, CLOCK, CODES
from voice_server.text.languages.en_us.words import ABBREVIATIONS, LETTERS, SYMBOLS, WEB
from voice_server.text.languages.frame import Language

LANGUAGE = Language(
    tag="en-US",
    numerals=NUMERALS,
    nouns=NOUNS,
    calendar=CALENDAR,
    clock=CLOCK,
    codes=CODES,
    money=MONEY,
    measures=MEASURES,
    fractions=FRACTIONS,
    quantities=QUANTITIES,
    roman=ROMAN,
    abbreviations=ABBREVIATIONS,
    letters=LETTERS,
    web=WEB,
    symbols=SYMBOLS,
)

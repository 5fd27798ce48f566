"""Spanish."""

from voice_server.text.languages.es.amounts import MEASURES, MONEY
from voice_server.text.languages.es.numbers import FRACTIONS, NOUNS, NUMERALS, QUANTITIES, ROMAN
from voice_server.text.languages.es.times import CALENDAR, CLOCK, CODES
from voice_server.text.languages.es.words import ABBREVIATIONS, LETTERS, SYMBOLS, WEB
from voice_server.text.languages.frame import Language

LANGUAGE = Language(
    tag="es",
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

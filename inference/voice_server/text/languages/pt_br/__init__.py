"""Brazilian Portuguese."""

from voice_server.text.languages.frame import Language
from voice_server.text.languages.pt_br.amounts import MEASURES, MONEY
from voice_server.text.languages.pt_br.numbers import FRACTIONS, NOUNS, NUMERALS, QUANTITIES, ROMAN
from voice_server.text.languages.pt_br.times import CALENDAR, CLOCK, CODES
from voice_server.text.languages.pt_br.words import ABBREVIATIONS, LETTERS, SYMBOLS, WEB

LANGUAGE = Language(
    tag="pt-BR",
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

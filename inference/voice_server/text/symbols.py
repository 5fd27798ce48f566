"""What is left beside words: symbols by name, dashes as pauses, and one space between words."""

import re
import unicodedata
from collections.abc import Iterator, Mapping

from voice_server.text.rules import Step, one_of, rule

_OTHER = re.compile(r"[^\w\s.,;:!?'\"()¿¡-]|_")
_EMOTICON = re.compile(r"(?<!\S)(?:[:;=]'?-?[()DPpOo|*/]|<3+|\^\^|[xX]D)(?![^\s.,!?])")
_TIDY = (
    (re.compile(r" -+ "), ", "),
    (re.compile(r"-+(?![^\W_])"), " "),
    (re.compile(r"([^\w-])-+"), r"\1 "),
    (re.compile(r"  +"), " "),
    (re.compile(r"\.\.+"), "..."),
    (re.compile(r"([!?,;:])\1+"), r"\1"),
    (re.compile(r"([!?])[!?]+"), r"\1"),
    (re.compile(r"\( +"), "("),
    (re.compile(r" +([.,;:!?)])"), r"\1"),
    (re.compile(r"\(\)"), ""),
    (re.compile(r"(?<![,;:])[,;:]++(?=[.!?])|(?<!,),++$"), ""),
    (re.compile(r"  +"), " "),
    (re.compile(r"^[ .,;:!?)-]+"), ""),
)
"""A run of the same mark is one mark; a hyphen is within a word, or a pause."""


def without_emoticons(text: str) -> str:
    """`text` without :) and its kin, which tell a tone and no words."""
    return _EMOTICON.sub(" ", text)


def of_several(symbols: Mapping[str, str]) -> Iterator[Step]:
    """Symbols of more than one character, before their letters are read: R$."""
    several = {symbol: said for symbol, said in symbols.items() if len(symbol) > 1}
    if several:
        yield rule(rf"(?:{one_of(several)})", lambda found: several[found[0]])


def rules(symbols: Mapping[str, str]) -> Iterator[Step]:
    yield lambda text: _OTHER.sub(lambda found: _named(found[0], symbols), text)
    yield tidy


def tidy(text: str) -> str:
    """`text` with single spaces and marks, none of them before the first word."""
    for pattern, replacement in _TIDY:
        text = pattern.sub(replacement, text)
    return text.strip()


def _named(character: str, symbols: Mapping[str, str]) -> str:
    if character in symbols:
        return f" {symbols[character]} "
    return character if unicodedata.category(character).startswith("M") else " "

"""What is done to any text before it is read: only characters that a rule or a voice may know are left."""

import re
import unicodedata
from functools import lru_cache

_MARKS_KEPT = 3
_USUAL = re.compile(r"[^\n -~ªº°À-ÖØ-öø-ÿ]")
_BEYOND_LATIN = re.compile(r"[\u0300-\U0010ffff]")
_SPACED_THOUSANDS = re.compile(r"(?<=\d)[\u00a0\u2009\u202f](?=\d{3}(?!\d))")
_COMPATIBLE = re.compile(r"[\u2100-\u214f\u3300-\u33ff\ufb00-\ufb06\uff01-\uffee\U0001d400-\U0001d7ff]")
"""Units in one character, ligatures, full-width and mathematical letters: a plainer form means the same."""
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_POWER = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+")
_NOTE = re.compile(r"(?<=[^\W\d_]{3})[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
"""Raised figures after a word are a footnote's."""
_PLAIN = {
    **dict.fromkeys("“”„‟«»″〝〞", '"'),
    **dict.fromkeys("‘’‚‛‹›′`´", "'"),
    **dict.fromkeys("‐‑‒–—―−⁃", "-"),
    **dict.fromkeys("•‣▪●◦", "-"),
    "⁄": "/",
    "∕": "/",
    "…": "...",
    "‼": "!",
    "\t": " ",
    "\r": "\n",
    "\u2028": "\n",
    "\u2029": "\n",
    "№": "nº",
    "µ": "μ",
    "°": "°",
}
_DROPPED_MARKS = re.compile(r"[\u0300-\u036f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Accents that no letter took up, and selectors of an emoji's variant."""
_FRACTION_BAR = "\u2044"
_SPACES = re.compile("  +")
_LINES = re.compile(r" ?\n[ \n]*(?P<item>-+ )?")


def clean(text: str) -> str:
    """`text` in NFC on one line: no controls, no zero widths, no marks of direction, no emoji, plain quotes.

    Digits of any script are 0 to 9. A new line ends a sentence unless the next goes on in lower case.
    """
    text = _SPACED_THOUSANDS.sub("", text.replace("\r\n", "\n"))
    if _BEYOND_LATIN.search(text):
        text = unicodedata.normalize("NFC", _without_storms(text))
    text = _POWER.sub(lambda found: "^" + found[0].translate(_SUPERSCRIPTS), _NOTE.sub("", text))
    text = _USUAL.sub(lambda found: _plain(found[0]), text)
    return _on_one_line(text)


def _without_storms(text: str) -> str:
    """At most three combining marks a letter: normalising a longer run takes time in its square."""
    kept, run = [], 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run <= _MARKS_KEPT:
            kept.append(character)
    return "".join(kept)


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    if character in _PLAIN:
        return _PLAIN[character]
    if _COMPATIBLE.match(character):
        return "".join(map(_by_category, unicodedata.normalize("NFKC", character)))
    return _by_category(character)


def _by_category(character: str) -> str:
    if character in _PLAIN:
        return _PLAIN[character]
    category = unicodedata.category(character)
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    if category in ("No", "Nl"):
        return _number(character)
    if category in ("Cf", "Me", "Cs", "Co", "Cn") or _DROPPED_MARKS.match(character):
        return ""
    if category.startswith("Z") or category in ("Cc", "So", "Sk"):
        return " "
    return character


def _number(character: str) -> str:
    """½ as 1/2, a Roman or Ethiopic numeral of one character by its value."""
    plain = unicodedata.normalize("NFKC", character).replace(_FRACTION_BAR, "/")
    value = unicodedata.numeric(character)
    if unicodedata.category(character) == "No" and plain.isascii():
        return f" {plain}"
    return f" {int(value)} " if value == int(value) else " "


def _on_one_line(text: str) -> str:
    return _LINES.sub(_joined, _SPACES.sub(" ", text)).strip()


def _joined(found: re.Match[str]) -> str:
    text, start, end = found.string, found.start(), found.end()
    goes_on = end == len(text) or (text[end].islower() and not found["item"])
    return " " if goes_on or not start or not text[start - 1].isalnum() else ". "

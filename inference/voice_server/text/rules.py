"""How a rule is written: a pattern, and what is said in place of what it finds.

Every pattern takes time in proportion to the text: repeats are possessive or bounded, and a run of like characters
is entered at its first one only.
"""

import re
from collections.abc import Callable, Iterable

Step = Callable[[str], str]
Speak = Callable[[re.Match[str]], str | None]

NUMBER = r"\d++(?:[.,]\d++)*+"
"""Digits with points and commas between them."""
SIGN = r"(?:(?<![\w)\]%.,/-])[-+](?=\d))?"
START = r"(?<![^\W_])(?<!\d[.,])"
"""Not in the middle of a word or of a number."""
END = r"(?![^\W_])"
LETTER = r"[^\W\d_]"
_SENTENCE_FOLLOWS = re.compile(r"\s*$|\s+[\"'(¿¡]?[A-ZÀ-Ý]")
_OPERATION = re.compile(r"[\w)%] ?[=+*÷×±≠≈<>≤≥] ?[\w($€£-]")
_NEAR = 24


def rule(pattern: str, speak: Speak, flags: int = 0, *, needs: str = "") -> Step:
    """Say `speak(match)` for each match, set apart from the words beside it; None leaves it as it was.

    A text without `needs` cannot match: it is not searched.
    """
    compiled = re.compile(pattern, flags)

    def spoken(match: re.Match[str]) -> str:
        said = speak(match)
        return match[0] if said is None else _apart(said, match)

    return lambda text: compiled.sub(spoken, text) if needs in text else text


def one_of(words: Iterable[str]) -> str:
    """An alternation of literal words, the longest first; what ends as a word ends there."""
    ordered = sorted(words, key=len, reverse=True)
    return "|".join(re.escape(word) + (END if word[-1].isalnum() else "") for word in ordered)


def stop(found: re.Match[str]) -> str:
    """The full stop that an abbreviation's point is too, where a sentence ends with it."""
    ends = found[0].endswith(".") and _SENTENCE_FOLLOWS.match(found.string, found.end())
    return "." if ends else ""


def dash(found: re.Match[str], *, to: str, minus: str) -> str:
    """The word for a dash between two numbers: `minus` beside another operator, else `to`."""
    near = max(0, found.start() - _NEAR), found.end() + _NEAR
    return f" {minus if _OPERATION.search(found.string, *near) else to} "


def _apart(said: str, match: re.Match[str]) -> str:
    text, start, end = match.string, match.start(), match.end()
    before = " " if said[:1].isalnum() and start and text[start - 1].isalnum() else ""
    after = " " if said[-1:].isalnum() and text[end : end + 1].isalnum() else ""
    return f"{before}{said}{after}"

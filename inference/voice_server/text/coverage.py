"""Whether an engine can say a text: which of its characters the engine's vocabulary lacks, and what to write."""

import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from voice_server.text.errors import TextError

LONG = 300
"""Characters above which a voice tends to hurry or to lose words; a warning, no error."""
_SHOWN_CHARACTERS, _SHOWN_POSITIONS = 10, 5
_ALIKE = {
    **dict.fromkeys("“”„«»″", '"'),
    **dict.fromkeys("‘’‚´`′", "'"),
    **dict.fromkeys("—–−‑‐", "-"),
    "…": "...",
    "ß": "ss",
    "æ": "ae",
    "Æ": "Ae",
    "œ": "oe",
    "Œ": "Oe",
    "ø": "o",
    "Ø": "O",
    "đ": "d",
    "Đ": "D",
    "ð": "d",
    "Ð": "D",
    "þ": "th",
    "Þ": "Th",
    "ł": "l",
    "Ł": "L",
    "ı": "i",
    "ŋ": "n",
    "º": "o",
    "ª": "a",
    "¿": "",
    "¡": "",
    ";": ",",
    ":": ",",
    "(": ",",
    ")": ",",
    '"': "",
    "!": ".",
    "?": ".",
}


@dataclass(frozen=True, slots=True)
class Missing:
    """A character that the engine cannot say. An empty suggestion: leave it out."""

    character: str
    positions: tuple[int, ...]  # from 0, in characters
    suggestion: str

    def __str__(self) -> str:
        shown = ", ".join(map(str, self.positions[:_SHOWN_POSITIONS]))
        more = len(self.positions) - _SHOWN_POSITIONS
        places = f"{shown} and {more} more" if more > 0 else shown
        advice = f"write {self.suggestion!r}" if self.suggestion else "leave it out"
        return f"{self.character!r} ({_name(self.character)}) at {places}: {advice}"


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a vocabulary makes of a text: the text that can be said, what was missing, what to be warned of."""

    text: str
    missing: tuple[Missing, ...]
    warnings: tuple[str, ...]


def check(text: str, vocabulary: Collection[str], *, strict: bool) -> Coverage:
    """`text` as an engine of that `vocabulary` can say it; TextError where nothing is left to say.

    Strict, a character outside the vocabulary is a TextError that names it, where it stands and what to write;
    else it is replaced. White space is a space.
    """
    known = vocabulary if isinstance(vocabulary, frozenset | set | dict) else frozenset(vocabulary)
    missing = tuple(_missing(text, known))
    if missing and strict:
        raise TextError(_complaint(missing))
    said = text.translate({ord(one.character): one.suggestion for one in missing})
    said = " ".join(said.split())
    if not any(character.isalnum() for character in said):
        raise TextError("text: the voice has nothing to say in it; write at least one letter that it knows")
    return Coverage(said, missing, tuple(_warnings(said, missing)))


def _missing(text: str, known: Collection[str]) -> Iterator[Missing]:
    positions: dict[str, list[int]] = {}
    for position, character in enumerate(text):
        if character not in known and not character.isspace():
            positions.setdefault(character, []).append(position)
    for character, places in positions.items():
        yield Missing(character, tuple(places), _suggestion(character, known))


def _suggestion(character: str, known: Collection[str]) -> str:
    """The nearest that the vocabulary has, or nothing."""
    for near in _near(character):
        if near and all(each in known for each in near):
            return near
    return ""


def _near(character: str) -> Iterator[str]:
    other_case = character.swapcase()
    alike = _ALIKE.get(character, "")
    bare = "".join(
        each for each in unicodedata.normalize("NFKD", character) if not unicodedata.combining(each)
    )
    yield from (other_case, alike, alike.lower(), bare, bare.swapcase())
    yield _ALIKE.get(alike, "")


def _complaint(missing: tuple[Missing, ...]) -> str:
    shown = "; ".join(map(str, missing[:_SHOWN_CHARACTERS]))
    more = len(missing) - _SHOWN_CHARACTERS
    rest = f"; and {more} more" if more > 0 else ""
    return f"text: the voice does not know {len(missing)} of its characters: {shown}{rest}"


def _warnings(said: str, missing: tuple[Missing, ...]) -> Iterator[str]:
    if len(said) > LONG:
        yield f"the text has {len(said)} characters; voices are at their best up to {LONG}: split it"
    if missing:
        yield _complaint(missing)


def _name(character: str) -> str:
    return unicodedata.name(character, f"U+{ord(character):04X}").lower()

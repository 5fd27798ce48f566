"""Which tokens a network knows, and by which numbers."""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from voice_server.engines.base import TextError
from voice_server.engines.f5.checkpoint import CheckpointError

MAX_BYTES = 4 * 1024 * 1024
LETTERS = {
    "en": "abcdefghijklmnopqrstuvwxyz'",
    "es": "abcdefghijklmnopqrstuvwxyzáéíóúüñ¿¡",
    "pt": "abcdefghijklmnopqrstuvwxyzáàâãéêíóôõúç",
}
"""What a voice of that language cannot do without, beside space, full stop, comma, ! and ?."""

_PUNCTUATION = " .,!?"
_PLAIN = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
    | dict.fromkeys("«»„‟", '"')
    | dict.fromkeys("`\u00b4\u201a\u201b", "'")
    | {"…": "..."}
)
_MARKS = frozenset({"Mn", "Cf"})
"""Categories of what is not seen by itself: combining marks, zero-width characters."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Tokens by number; what was not known is listed with what was said in its place."""

    numbers: tuple[int, ...]
    replaced: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Tokens by number from 0; `cut` is the last line's as it stands, where f5-tts loses its last character."""

    numbers: Mapping[str, int]
    cut: str | None = None

    def __len__(self) -> int:
        return len(self.numbers)

    def encode(self, tokens: Sequence[str]) -> Encoded:
        """All of the tokens; TextError names those that are not known, and what could be written instead."""
        strange = list(self._strange(tokens))
        if strange:
            listed = ", ".join(self._advice(token) for token in strange[:10])
            raise TextError(f"this voice never learnt {listed}; write the text without")
        return Encoded(tuple(self.numbers[token] for token in tokens))

    def encode_leniently(self, tokens: Sequence[str]) -> Encoded:
        """What is not known is said as its suggestion, else passed over as a space, as f5-tts does."""
        replaced = {token: self._instead(token) for token in self._strange(tokens)}
        said = (part for token in tokens for part in replaced.get(token, [token]))
        return Encoded(tuple(self.numbers[part] for part in said), replaced)

    def missing(self, language: str) -> str:
        """The letters and marks of the language (pt-BR, en, es...) that are not known, side by side."""
        needed = LETTERS.get(language.partition("-")[0], "") + _PUNCTUATION
        return "".join(letter for letter in needed if letter not in self.numbers)

    def replaced(self, language: str) -> dict[str, str]:
        """What is said instead of those letters and marks of the language, small or capital, that are not known."""
        letters = LETTERS.get(language.partition("-")[0], "")
        return {each: self._instead(each) for each in self._strange(letters + _PUNCTUATION + letters.upper())}

    def suggestion(self, token: str) -> str | None:
        """Known characters that say nearly the same as one that is not: ẽ for Ẽ, "..." for an ellipsis."""
        for candidate in _alike(token) if len(token) == 1 else ():
            if candidate and all(character in self.numbers for character in candidate):
                return candidate
        return None

    def _strange(self, tokens: Sequence[str]) -> Iterator[str]:
        return (token for token in dict.fromkeys(tokens) if token not in self.numbers)

    def _instead(self, token: str) -> str:
        if len(token) == 1 and unicodedata.category(token) in _MARKS:
            return ""
        return self.suggestion(token) or " "

    def _advice(self, token: str) -> str:
        near = self.suggestion(token)
        return ascii(token) if near is None else f"{token!r} ({near!r} would do)"


def _alike(token: str) -> Iterator[str]:
    yield token.lower()
    yield token.translate(_PLAIN)
    yield unicodedata.normalize("NFKC", token)
    apart = unicodedata.normalize("NFKD", token)
    bare = "".join(each for each in apart if unicodedata.category(each) not in _MARKS)
    yield bare
    yield bare.lower()


def read(path: Path, size: int) -> Vocabulary:
    """The vocabulary of `size` tokens in the file `path`, one a line, the first a space.

    f5-tts takes the last character off each line, be it a line feed or not. A file that does not end with a line feed
    is read so, too, for that is how its network was trained, unless only the whole line makes up `size` tokens.
    CheckpointError says why the file does not fit the network.
    """
    *lines, last = _lines(path)
    readings = _readings(lines, last)
    fitting = [each for each in readings if len(each) == size and len(set(each)) == size]
    if not fitting:
        raise CheckpointError(f"{path}: {_misfit(readings[-1], size)}")
    tokens = fitting[0]
    if tokens[0] != " ":
        raise CheckpointError(
            f"{path}: line 1 is {tokens[0]!r}; it has to be a space, as which f5-tts speaks what it does not know"
        )
    cut = last if last and tokens[-1] != last else None
    return Vocabulary({token: number for number, token in enumerate(tokens)}, cut)


def _readings(lines: list[str], last: str) -> list[list[str]]:
    """As f5-tts reads the lines of which the last one has no end, then as they were meant."""
    if not last:
        return [lines]
    cut = last[:-1]
    return [lines if cut in lines else [*lines, cut], [*lines, last]]


def _lines(path: Path) -> list[str]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise CheckpointError(f"{path}: more than {MAX_BYTES} bytes; write the training's vocab.txt")
        return path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise CheckpointError(f"{path}: {error.strerror}; put the training's vocab.txt there") from error
    except UnicodeDecodeError as error:
        raise CheckpointError(
            f"{path}: not UTF-8 at byte {error.start}; write the training's vocab.txt"
        ) from error


def _misfit(tokens: Sequence[str], size: int) -> str:
    twice = [token for token, count in Counter(tokens).items() if count > 1]
    if twice:
        lines = [number for number, token in enumerate(tokens, 1) if token == twice[0]]
        return f"{twice[0]!r} is there more than once, in lines {lines}; write the training's vocab.txt"
    return (
        f"{len(tokens)} tokens, but the network was trained with {size}, one less than its embedding "
        "has rows; write the vocab.txt of this very training"
    )

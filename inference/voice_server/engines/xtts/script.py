"""A text as the lines that XTTS can say: none too long for it, none cut short, none with a command in it."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer

from voice_server.engines.base import TextError

Split = Callable[[str, int], Sequence[str]]
"""Cuts a text into pieces of at most so many characters."""

_SHORTEST_LIMIT = 16
_SAID = 40
_FULL_LINE = 14.0
"""Seconds that a line of just the characters that XTTS allows takes, at the usual pace of a reader."""
_MARKS = re.compile(r"[\[\]]")
_LONG_NUMBER = re.compile(r"\d(?:[.,]?\d){15,}")
_SENTENCE_DOT = re.compile(r"(?<=\w)\.(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Piece:
    """Text tokens of one line, and the seconds that a usual reader would take for it."""

    tokens: Sequence[int]
    seconds: float


class Script:
    """Writes lines in one language."""

    def __init__(self, tokenizer: VoiceBpeTokenizer, language: str, most_tokens: int, split: Split) -> None:
        """Lines of less than `most_tokens` text tokens, in one of the tokenizer's `char_limits`."""
        self._tokenizer = tokenizer
        self._language = language
        self._most_tokens = most_tokens
        self._most: int = tokenizer.char_limits[language]
        self._split = split

    def pieces(self, text: str) -> list[Piece]:
        """The text's lines in order; TextError when there is nothing to say, or something that cannot be said."""
        plain = _MARKS.sub(" ", text)
        if not any(map(str.isalnum, plain)):
            raise TextError("there is neither a letter nor a number in it to speak; write some words")
        long = _LONG_NUMBER.search(plain)
        if long:
            raise TextError(f"the number {long[0][:_SAID]} is too long to be read out; write it in groups")
        return list(self._fitting(plain, self._most))

    def _fitting(self, text: str, most: int) -> Iterator[Piece]:
        for part in self._split(text, most):
            if not any(map(str.isalnum, part)):
                continue
            words = self._words(part)
            tokens = self._tokens(words)
            if len(words) <= self._most and len(tokens) < self._most_tokens:
                yield Piece(tokens, _FULL_LINE * len(words) / self._most)
            elif most // 2 >= _SHORTEST_LIMIT:
                yield from self._fitting(part, most // 2)
            else:
                raise TextError(
                    f"{part[:_SAID]!r} is too much to say without a pause; write it in other words"
                )

    def _words(self, part: str) -> str:
        try:
            cleaned: str = self._tokenizer.preprocess_text(part.strip().lower(), self._language)
        except (ArithmeticError, ValueError, LookupError) as error:
            raise TextError(
                f"{part[:_SAID]!r} holds a number that cannot be read out; write it in words"
            ) from error
        # In Portuguese a dot that touches its word is often read out: "ponto" (coqui-ai/TTS#2952).
        return _SENTENCE_DOT.sub(" .", cleaned) if self._language == "pt" else cleaned

    def _tokens(self, words: str) -> list[int]:
        language = "zh-cn" if self._language == "zh" else self._language
        spaced = f"[{language}]{words}".replace(" ", "[SPACE]")
        tokens: list[int] = self._tokenizer.tokenizer.encode(spaced).ids
        return tokens

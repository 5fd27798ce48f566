"""Text as the network was taught to read it: what f5-tts made of the training texts, frozen by segmenter.

f5-tts spells text through a segmenter for Chinese, which leaves its marks in other languages, too: "está" becomes
"est" and "á", "água fria" a word with a space inside, "á gua fria". Where it cuts differs from one release of the
segmenter to the next, so a checkpoint has to be read with the one it was trained with.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from importlib import import_module

from voice_server.engines.base import TextError


class Tokenizer(StrEnum):
    PINYIN = "pinyin"
    """f5-tts from 1.1.10 on with rjieba 0.2.2."""
    PINYIN_RJIEBA_0_1 = "pinyin-rjieba-0.1"
    """f5-tts from 1.1.10 on with rjieba 0.1.13 to 0.2.1."""
    PINYIN_JIEBA = "pinyin-jieba"
    """f5-tts to 1.1.9, which had jieba 0.42.1."""
    CHAR = "char"
    """One token a character, as they come."""


def tokens(text: str, tokenizer: Tokenizer) -> list[str]:
    """The tokens of `text`: characters, and syllables such as "ni3" for Chinese; TextError without a way."""
    if tokenizer is Tokenizer.CHAR:
        return list(text)
    plain = text.translate(_TYPEWRITER)
    if not _CHINESE.search(plain):
        return _spelled(_segments(plain, _WORDS[tokenizer]), list)
    if tokenizer is not Tokenizer.PINYIN:
        raise TextError(
            f"this voice cannot read Chinese characters: its tokenizer is {tokenizer}; write the text without them"
        )
    return _with_syllables(plain)


_TYPEWRITER = str.maketrans({";": ",", "\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'"})
_CHINESE = re.compile("[\u3007\u3100-\u9fff\ue815-\ue864\uf900-\ufaff\U00020000-\U0003ffff]")
_PIECES = re.compile(r"([a-zA-Z0-9+#&._%\-]+)|\r\n|.", re.DOTALL)
_DICTIONARY = re.compile(r"(AT&T|[cC]#|[cC]\+\+)")
"""All words without a Chinese character in jieba's dictionary of 349,046."""
_WORDS = {
    Tokenizer.PINYIN: re.compile(r"([a-zA-Z0-9]+(?:[-._][a-zA-Z0-9]+)*%?)"),
    Tokenizer.PINYIN_RJIEBA_0_1: re.compile(r"([a-zA-Z0-9]+(?:.[0-9]+)?%?)"),
    Tokenizer.PINYIN_JIEBA: re.compile(r"([a-zA-Z0-9]+(?:\.[0-9]+)?%?)"),
}


def _segments(text: str, word: re.Pattern[str]) -> Iterator[str]:
    for piece in _PIECES.finditer(text):
        if piece[1] is None:
            yield piece[0]
        else:
            yield from _cut(piece[1], word)


def _cut(piece: str, word: re.Pattern[str]) -> Iterator[str]:
    for index, part in enumerate(_DICTIONARY.split(piece)):
        if index % 2:
            yield part
        else:
            yield from filter(None, word.split(part))


def _spelled(segments: Iterable[str], otherwise: Callable[[str], list[str]]) -> list[str]:
    spelled: list[str] = []
    for segment in segments:
        if not segment.isascii():
            spelled += otherwise(segment)
            continue
        if len(segment) > 1 and spelled and spelled[-1] not in " :'\"":
            spelled.append(" ")
        spelled += segment
    return spelled


def _with_syllables(text: str) -> list[str]:
    try:
        pypinyin, rjieba = import_module("pypinyin"), import_module("rjieba")
    except ImportError as error:
        raise TextError(
            f"this server cannot read Chinese characters: {error.name} is not installed (voice-rollout[f5-pinyin]); "
            "write the text without them"
        ) from error

    def syllables(chinese: str) -> list[str]:
        read = pypinyin.lazy_pinyin(chinese, style=pypinyin.Style.TONE3, errors=list, tone_sandhi=True)
        return list(read)

    def read(segment: str) -> list[str]:
        if len(segment.encode()) == 3 * len(segment):  # f5-tts's "pure east asian"
            return _apart(segment, syllables(segment))
        return [
            token
            for each in segment
            for token in _apart(each, syllables(each) if _is_chinese(each) else [each])
        ]

    return _spelled(rjieba.cut(text.encode(errors="replace").decode()), read)


def _apart(segment: str, syllables: list[str]) -> list[str]:
    """A space before each syllable."""
    return [
        token
        for character, syllable in zip(segment, syllables, strict=True)
        for token in ([" ", syllable] if _is_chinese(character) else [syllable])
    ]


def _is_chinese(character: str) -> bool:
    return "\u3100" <= character <= "\u9fff"

"""Words in capitals: read letter by letter (IBGE), as a word (Petrobras), or only shouted (MUITO)."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from voice_server.text.rules import Step, rule

_CAPITALS = re.compile(r"(?<![^\W_])([A-ZÀ-ÖØ-Þ]{2,}+)('?s)?(?![^\W_])")
_ALONE = re.compile(r"(?<![^\W_])[AEIOUYÀÁÂÉÊÍÓÔÚ](?![^\W_])")
_LONGEST_ACRONYM = 6
_LONGEST_SPELLED = 3
_ENOUGH = 2


@dataclass(frozen=True, eq=False)
class Letters:
    """The names of letters, and what tells an acronym from a word."""

    names: Mapping[str, str]
    plural: str  # of a spelled acronym: its last letter's ending
    alone: str  # capitals that are named where they stand by themselves
    spelled: Collection[str]
    as_words: Collection[str]
    common: Collection[str]  # words of two and three letters
    syllable: str  # a pattern of what can be said
    labels: Collection[str]  # words after which a capital is a name and no initial: grupo C

    @cached_property
    def pronounceable(self) -> re.Pattern[str]:
        return re.compile(f"(?:{self.syllable}){{1,8}}", re.IGNORECASE)

    def spell(self, word: str) -> str:
        return " ".join(self.names.get(letter, letter) for letter in word.lower())


def rules(letters: Letters) -> Iterator[Step]:
    yield rule(r"(?<![\w.])((?:[A-Z]\.){2,8}+)(?!\w)", lambda found: _dotted(found, letters), needs=".")
    yield rule(
        r"(?<![\w.'])((?:[A-Z]\. ?){1,4}+)(?=[A-Za-zÀ-ÿ][a-zà-ÿ])",
        lambda found: _initials(found, letters),
        needs=".",
    )
    yield lambda text: _without_capitals(text, letters)
    yield rule(
        rf"(?<![^\W_])(?<!')([{letters.alone}])(?![^\W_]|'\w)", lambda found: letters.names[found[1].lower()]
    )


def _dotted(found: re.Match[str], letters: Letters) -> str:
    ends = found.end() == len(found.string)
    return letters.spell(found[1].replace(".", "")) + ("." if ends else "")


def _initials(found: re.Match[str], letters: Letters) -> str | None:
    before = found.string[max(0, found.start() - 30) : found.start()].split()
    is_within_name = not before or before[-1][0].isupper() or found.string[found.end()].islower()
    initials = re.sub(r"[. ]", "", found[1])
    if len(initials) > 1:
        return letters.spell(initials) + " "
    is_label = before and before[-1].lower() in letters.labels and found.string[found.end()].isupper()
    return letters.spell(initials) + " " if is_within_name and not is_label else None


def _without_capitals(text: str, letters: Letters) -> str:
    if not _CAPITALS.search(text):
        return text
    words = [word for word in text.split() if len(word) > 1]
    capitals = sum(word.isupper() for word in words)
    is_shouted = capitals >= _ENOUGH and 2 * capitals > len(words)

    def say(found: re.Match[str]) -> str:
        word, plural = found[1], found[2] or ""
        if "&" in text[max(0, found.start() - 1) : found.end() + 1] and len(word) <= _LONGEST_SPELLED:
            return letters.spell(word) + (letters.plural if plural else "")
        return _said(word, plural, letters, is_shouted=is_shouted)

    said = _CAPITALS.sub(say, text)
    return _ALONE.sub(lambda found: found[0].lower(), said) if is_shouted else said


def _said(word: str, plural: str, letters: Letters, *, is_shouted: bool) -> str:
    if word in letters.as_words:
        return word.capitalize() + plural
    if word in letters.spelled or _is_spelled(word, letters, is_shouted=is_shouted):
        return letters.spell(word) + (letters.plural if plural else "")
    return word.lower() + plural


def _is_spelled(word: str, letters: Letters, *, is_shouted: bool) -> bool:
    if len(word) > _LONGEST_ACRONYM or not word.isascii() or word.lower() in letters.common:
        return False
    if not letters.pronounceable.fullmatch(word):
        return True
    return len(word) <= _LONGEST_SPELLED and not is_shouted

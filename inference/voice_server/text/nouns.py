"""Which gender a numeral takes from the words around it, as far as their endings tell."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from voice_server.text.numbers import Form
from voice_server.text.rules import LETTER, NUMBER

_LONGEST_WORD = 24
_BEFORE = re.compile(rf"(?<!{LETTER})({LETTER}{{1,8}}) $")


@dataclass(frozen=True, eq=False)
class Nouns:
    """What words tell of the gender of the number before or after them. Empty where a language has none."""

    determiners: Collection[str] = ()  # feminine plural words that stand before a number
    singular_determiners: Collection[str] = ()  # feminine words that stand before a one
    plural_endings: tuple[str, ...] = ()
    plurals: Collection[str] = ()
    not_plurals: Collection[str] = ()
    masculine_endings: tuple[str, ...] = ()
    singular_endings: tuple[str, ...] = ()
    singulars: Collection[str] = ()
    not_singulars: Collection[str] = ()
    not_nouns: Collection[str] = ()
    joints: tuple[str, ...] = ()  # between two numbers of the same noun: 1 ou 2 pessoas
    thousand: str = ""

    def form(self, text: str, start: int, end: int, *, one: bool = False) -> Form:
        """The form of the numeral at `text[start:end]`."""
        before = _BEFORE.search(text, max(0, start - 10), start)
        if before and (
            before[1].lower() in self.determiners or (one and before[1].lower() in self.singular_determiners)
        ):
            return Form.FEMININE
        after = self._after.match(text, end)
        if not after:
            return Form.PLAIN
        word = after["noun"].lower()
        form = self._of(word, one=one and not after["other"])
        is_thousands = after["thousand"] or (self.thousand and word == self.thousand)
        return Form.MASCULINE if is_thousands and form is Form.PLAIN else form

    def follows(self, text: str, end: int) -> bool:
        """Whether a plural word follows, most likely what is counted."""
        after = self._after.match(text, end)
        word = after["noun"].lower() if after and not after["other"] else ""
        return word.endswith("s") and word not in self.not_nouns

    @cached_property
    def _after(self) -> re.Pattern[str]:
        joints = "|".join(self.joints) or "(?!)"
        return re.compile(
            rf"(?P<other> (?:{joints}) {NUMBER})?(?: (?P<thousand>(?i:{self.thousand or '(?!)'})))?"
            rf" (?P<noun>{LETTER}{{1,{_LONGEST_WORD}}})(?!{LETTER})"
        )

    def _of(self, word: str, *, one: bool) -> Form:
        if word in self.not_nouns:
            return Form.PLAIN
        is_feminine = self._is_feminine_one(word) if one else self._are_feminine(word)
        if is_feminine:
            return Form.FEMININE
        return Form.MASCULINE if one or word.endswith("s") else Form.PLAIN

    def _are_feminine(self, word: str) -> bool:
        if word in self.plurals:
            return True
        return (
            word.endswith(self.plural_endings)
            and word not in self.not_plurals
            and not word.endswith(self.masculine_endings)
        )

    def _is_feminine_one(self, word: str) -> bool:
        return word in self.singulars or (
            word.endswith(self.singular_endings) and word not in self.not_singulars
        )

"""Which gender a numeral takes from the words around it, as far as their endings tell."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from voice_server.text.numbers import Form
from voice_server.text.rules import LETTER

_LONGEST_WORD = 24
_NEXT = re.compile(rf" (?:mil )?({LETTER}{{1,{_LONGEST_WORD}}})(?!{LETTER})")
_BEFORE = re.compile(rf"(?<!{LETTER})({LETTER}{{1,8}}) $")


@dataclass(frozen=True, eq=False)
class Nouns:
    """What words tell of the gender of the number before or after them. Empty where a language has none."""

    determiners: Collection[str] = ()  # feminine plural words that stand before a number
    plural_endings: tuple[str, ...] = ()
    plurals: Collection[str] = ()
    not_plurals: Collection[str] = ()
    masculine_endings: tuple[str, ...] = ()
    singular_endings: tuple[str, ...] = ()
    singulars: Collection[str] = ()
    not_singulars: Collection[str] = ()
    not_nouns: Collection[str] = ()

    def form(self, text: str, start: int, end: int, *, one: bool = False) -> Form:
        """The form of the numeral at `text[start:end]`."""
        before = _BEFORE.search(text, max(0, start - 10), start)
        if before and before[1].lower() in self.determiners:
            return Form.FEMININE
        after = _NEXT.match(text, end)
        return self._of(after[1].lower(), one=one) if after else Form.PLAIN

    def follows(self, text: str, end: int) -> bool:
        """Whether a plural word follows, most likely what is counted."""
        after = _NEXT.match(text, end)
        word = after[1].lower() if after else ""
        return word.endswith("s") and word not in self.not_nouns

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

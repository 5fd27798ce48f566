"""The voices of Google Cloud Text-to-Speech: their families, and those that an account may use."""

from bisect import bisect_left
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

_SHOWN = 5
_PARTS = 3


class Family(StrEnum):
    """What voices share a quota: https://cloud.google.com/text-to-speech/quotas."""

    CHIRP3 = "Chirp3-HD"
    STUDIO = "Studio"
    OTHER = "WaveNet, Neural2 and Standard"

    @classmethod
    def of(cls, voice: str) -> "Family":
        name = voice.casefold()
        if "-chirp3-" in name:
            return cls.CHIRP3
        return cls.STUDIO if "-studio-" in name else cls.OTHER

    @property
    def per_minute(self) -> int:
        """Requests a minute that a project has when it never asked for more."""
        return {Family.CHIRP3: 200, Family.STUDIO: 500, Family.OTHER: 1000}[self]


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice by its whole name, such as pt-BR-Wavenet-A, and the language it speaks, such as pt-BR."""

    name: str
    language: str

    @property
    def family(self) -> Family:
        return Family.of(self.name)


class Catalogue:
    """The voices that may be asked for; upper and lower case are the same."""

    def __init__(self, voices: Iterable[Voice]) -> None:
        """Leave out bare names such as Charon: they belong to another model and are refused without it."""
        whole = [voice for voice in voices if len(voice.name.split("-")) >= _PARTS]
        self._voices = {voice.name.casefold(): voice for voice in whole}
        self._sorted = sorted(self._voices)

    @property
    def names(self) -> Collection[str]:
        return frozenset(voice.name for voice in self._voices.values())

    def find(self, name: str) -> Voice | None:
        return self._voices.get(name.casefold())

    def like(self, name: str, own: str) -> list[str]:
        """The five voices next to `name` in the alphabet, of its language; where it has none, as if its beginning were
        that of the voice `own`.
        """
        wanted = name.casefold()
        first, end = self._of_language(wanted)
        if first == end:
            wanted = f"{own.casefold().rpartition('-')[0]}-{wanted}"
            first, end = self._of_language(wanted)
        if first == end:
            first, end = 0, len(self._sorted)
        at = bisect_left(self._sorted, wanted, first, end) - _SHOWN // 2
        shown = max(first, min(at, end - _SHOWN))
        return [self._voices[each].name for each in self._sorted[shown : min(shown + _SHOWN, end)]]

    def _of_language(self, name: str) -> tuple[int, int]:
        """Where the voices of its language begin and end among the sorted."""
        language = "-".join(name.split("-", 2)[:2])
        return bisect_left(self._sorted, f"{language}-"), bisect_left(self._sorted, f"{language}.")

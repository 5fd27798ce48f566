"""What a sound file says of itself."""

from dataclasses import dataclass
from typing import Literal

from voice_server.audio.pcm import AudioError

Container = Literal["wav", "mp3", "flac", "ogg"]
MOST_BLOCKS = 64
"""Chunks, metadata blocks: more than any program writes before the sound."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The header's word, not proven by decoding.

    `frames` is None where the file does not say; the part that decoders need begins at `offset`.
    """

    container: Container
    rate: int
    channels: int
    frames: int | None = None
    offset: int = 0

    def __post_init__(self) -> None:
        if not self.rate or not self.channels:
            raise AudioError(f"its header claims {self.channels} channels at {self.rate} Hz")
        if self.frames == 0:
            raise AudioError("there is no sound behind its header")

    @property
    def duration(self) -> float | None:
        """Seconds, where the file says."""
        return None if self.frames is None else self.frames / self.rate


class CutShortError(AudioError):
    """The file ends too early; more bytes may mend it."""


def cut_short(what: str, there: int, claimed: int) -> CutShortError:
    return CutShortError(f"the file is cut short: {there} of the {claimed} bytes of {what}")

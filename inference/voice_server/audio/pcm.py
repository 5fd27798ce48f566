"""Sound as every engine hands it over: mono 16-bit samples and their rate."""

from array import array
from dataclasses import dataclass

SAMPLE_BYTES = 2
SILENCE_PEAK = 32
_LOOK_AT = 4096


class AudioError(Exception):
    """The sound cannot be used; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Audio:
    """Mono speech: little-endian 16-bit samples at `sample_rate` Hz."""

    samples: bytes
    sample_rate: int

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.samples) / SAMPLE_BYTES / self.sample_rate

    @property
    def is_silent(self) -> bool:
        """Whether nobody would hear anything; judged by a few thousand samples spread over the whole."""
        heard = array("h", self.samples)
        step = max(1, len(heard) // _LOOK_AT)
        return max(map(abs, heard[::step]), default=0) <= SILENCE_PEAK


def checked(audio: Audio) -> Audio:
    """The same sound, or AudioError when it is empty, torn or silent."""
    if not audio.samples:
        raise AudioError("the engine gave no sound")
    if len(audio.samples) % SAMPLE_BYTES:
        raise AudioError("the sound ends in the middle of a sample")
    if audio.is_silent:
        raise AudioError("the sound is silent from start to end")
    return audio

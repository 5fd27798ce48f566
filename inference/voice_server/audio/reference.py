"""A recording made ready to be a voice's reference."""

from dataclasses import dataclass

import numpy as np

from voice_server.audio import passage
from voice_server.audio.levels import decibels, peak
from voice_server.audio.loudness import integrated
from voice_server.audio.passage import LONGEST, Passage
from voice_server.audio.samples import Samples, resampled
from voice_server.audio.upload import Recording

LOUDNESS = -23.0
"""LUFS: the target of EBU R 128. Speech peaks 12 to 20 dB above its loudness, so nothing needs a limiter."""
NOISY = -30.0
MUCH_CLIPPED = 0.001
_PEAK = 0.99
_DULL = 16_000


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """3 to 12 s of one voice at -23 LUFS: mono float32 `samples`, read-only, at `rate` Hz.

    `noise` is the level between the words in dB of full scale, `clipped` the share of samples at full scale.
    Where `needs_transcript`, the recording was cut: a text that was given for all of it no longer fits.
    """

    samples: Samples
    rate: int
    noise: float
    clipped: float
    needs_transcript: bool
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.samples.setflags(write=False)

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.samples) / self.rate


def prepare(recording: Recording, rate: int = 24_000) -> Reference:
    """The reference in a recording; AudioError says what the speaker must do otherwise."""
    found = passage.find(recording)
    voice = resampled(found.samples, passage.RATE, rate)
    gain = _gain(voice, rate)
    floor = decibels(found.noise * gain**2)
    return Reference(
        samples=voice * np.float32(gain),
        rate=rate,
        noise=floor,
        clipped=found.clipped,
        needs_transcript=found.is_cut,
        warnings=tuple(_warnings(recording.rate, floor, found)),
    )


def _gain(samples: Samples, rate: int) -> float:
    """What brings the samples to -23 LUFS (EBU R 128 by ITU-R BS.1770), peaks no higher than full scale."""
    return min(10 ** ((LOUDNESS - integrated(samples, rate)) / 20), _PEAK / peak(samples))


def _warnings(rate: int, floor: float, found: Passage) -> list[str]:
    told = {
        f"recorded at {rate} Hz: the voice will sound dull; record at {_DULL} Hz or more": rate < _DULL,
        f"background noise at {floor:.0f} dB (above {NOISY:g}): record in a quieter place": floor > NOISY,
        f"{found.clipped:.1%} of the samples are clipped: record at a lower level": found.clipped
        > MUCH_CLIPPED,
        f"no pause in the first {LONGEST:g} s: the recording was cut in the middle of speech": not found.in_pause,
    }
    return [text for text, applies in told.items() if applies]

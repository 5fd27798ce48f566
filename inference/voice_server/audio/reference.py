"""A recording made ready to be a voice's reference."""

import hashlib
from dataclasses import dataclass

import numpy as np

from voice_server.audio.joins import FADE, faded
from voice_server.audio.levels import HOP, Powers, check_level, decibels, is_speech, noise, peak, powers
from voice_server.audio.loudness import integrated
from voice_server.audio.pcm import AudioError
from voice_server.audio.samples import Samples, mono, resampled
from voice_server.audio.upload import Recording

SHORTEST, LONGEST = 3.0, 12.0
LOUDNESS = -23.0
"""LUFS: the target of EBU R 128. Speech peaks 12 to 20 dB above its loudness, so nothing needs a limiter."""
NOISY = -30.0
QUIET = -50.0
MUCH_CLIPPED = 0.001
_PEAK = 0.99
_CLIPPED_RUN = 3
_MARGIN = 0.1
_PAUSE = 0.2
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
    def digest(self) -> str:
        """Equal for the same samples at the same rate."""
        head = f"{self.rate} {self.samples.dtype.str} ".encode()
        return hashlib.sha256(head + self.samples.tobytes()).hexdigest()

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.samples) / self.rate


def prepare(recording: Recording, rate: int = 24_000) -> Reference:
    """The reference in a recording; AudioError says what the speaker must do otherwise."""
    check_level(recording.samples)
    recorded = mono(recording.samples)
    clipped = clipped_share(recorded)
    whole = resampled(recorded, recording.rate, rate)
    levels = powers(whole, rate)
    kept = whole[speech_span(levels, rate)]
    if len(kept) < SHORTEST * rate:
        raise AudioError(
            f"{len(kept) / rate:.1f} s are left without the silence at both ends; "
            f"record {SHORTEST:g} to {LONGEST:g} s of speech"
        )
    end, in_pause = (len(kept), True) if len(kept) <= LONGEST * rate else _cut(kept, rate)
    voice = faded(kept[:end], 0, round(FADE * rate) if end < len(kept) else 0)
    gain = _gain(voice, rate)
    floor = decibels(noise(levels) * gain**2)
    return Reference(
        samples=voice * np.float32(gain),
        rate=rate,
        noise=floor,
        clipped=clipped,
        needs_transcript=end < len(kept),
        warnings=tuple(_warnings(recording.rate, floor, clipped, in_pause=in_pause)),
    )


def clipped_share(samples: Samples) -> float:
    """The share of samples that stand at full scale, three or more in a row."""
    if peak(samples) < _PEAK:
        return 0.0
    at_top = np.concatenate(([0], (np.abs(samples) >= _PEAK).astype(np.int8), [0]))
    turns = np.flatnonzero(np.diff(at_top))
    runs = turns[1::2] - turns[::2]
    return float(runs[runs >= _CLIPPED_RUN].sum() / max(1, len(samples)))


def speech_span(levels: Powers, rate: int) -> slice:
    """The samples from 0.1 s before the first speech to 0.1 s after the last; AudioError where there is none.

    `levels` are `levels.powers` of the sound at `rate` Hz.
    """
    heard = np.flatnonzero(is_speech(levels))
    if not heard.size:
        raise AudioError("nobody speaks in the recording")
    start = round((heard[0] * HOP - _MARGIN) * rate)
    end = round(((heard[-1] + 2) * HOP + _MARGIN) * rate)
    return slice(max(0, start), end)


def _cut(samples: Samples, rate: int) -> tuple[int, bool]:
    """Where to end, from 3 to 12 s: in the last pause of 0.2 s, else where it is quietest; and which it was."""
    levels = powers(samples, rate)
    first, last = round(SHORTEST / HOP), round(LONGEST / HOP) - 2
    turns = np.flatnonzero(np.diff(np.concatenate(([0], ~is_speech(levels)[first:last], [0]))))
    long = [(a, b) for a, b in zip(turns[::2], turns[1::2], strict=True) if (b - a) * HOP >= _PAUSE]
    if not long:
        quietest = first + int(levels[first:last].argmin())
        return round((quietest + 1) * HOP * rate), False
    start, end = long[-1]
    return round((first + min((start + end) / 2, start + _MARGIN / HOP)) * HOP * rate), True


def _gain(samples: Samples, rate: int) -> float:
    """What brings the samples to -23 LUFS (EBU R 128 by ITU-R BS.1770), peaks no higher than full scale."""
    loudness = integrated(samples, rate)
    if not loudness > QUIET:
        raise AudioError(f"the recording is too quiet ({loudness:.0f} LUFS); record nearer to the microphone")
    return min(10 ** ((LOUDNESS - loudness) / 20), _PEAK / peak(samples))


def _warnings(rate: int, floor: float, clipped: float, *, in_pause: bool) -> list[str]:
    found = {
        f"recorded at {rate} Hz: the voice will sound dull; record at {_DULL} Hz or more": rate < _DULL,
        f"background noise at {floor:.0f} dB (above {NOISY:g}): record in a quieter place": floor > NOISY,
        f"{clipped:.1%} of the samples are clipped: record at a lower level": clipped > MUCH_CLIPPED,
        f"no pause in the first {LONGEST:g} s: the recording was cut in the middle of speech": not in_pause,
    }
    return [text for text, applies in found.items() if applies]

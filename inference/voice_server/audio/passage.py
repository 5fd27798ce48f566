"""The passage of a recording that a voice is taken from; one judgement, when it is sent and when it is used."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voice_server.audio.joins import FADE, faded
from voice_server.audio.levels import HOP, Powers, check_level, decibels, is_speech, noise, peak, powers
from voice_server.audio.pcm import AudioError
from voice_server.audio.samples import Samples, centred, mono, resampled
from voice_server.audio.upload import Recording

RATE = 24_000
"""At which every recording is judged, whatever its own rate and the engine's: so all of them judge alike."""
SHORTEST, LONGEST = 3.0, 12.0
QUIET = -50.0
_RECORD = f"record {SHORTEST:g} to {LONGEST:g} s of speech"
_FULL = 0.99
_CLIPPED_RUN = 3
_MARGIN = 0.1
_PAUSE = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Passage:
    """3 to 12 s of mono `samples` at 24 kHz, from the first speech on; their level is the recording's.

    `noise` is the power between the words, `clipped` the share of samples at full scale, both of the whole recording.
    Where it `is_cut` there was more speech; `in_pause` says whether it ends between words.
    """

    samples: Samples
    noise: float
    clipped: float
    is_cut: bool
    in_pause: bool


def find(recording: Recording) -> Passage:
    """The recording's passage; AudioError says what the speaker must do otherwise."""
    _check_long(len(recording.samples) / recording.rate, "too short")
    check_level(recording.samples)
    recorded = mono(recording.samples)
    whole = resampled(centred(recorded), recording.rate, RATE)
    levels = powers(whole, RATE)
    heard = np.flatnonzero(is_speech(levels))
    span = _span(heard)
    kept = whole[span]
    _check_long(len(kept) / RATE, "left without the silence at both ends")
    end, in_pause = (len(kept), True) if len(kept) <= LONGEST * RATE else _cut(kept)
    _check_loud(levels[heard[heard * HOP * RATE < span.start + end]])
    is_cut = end < len(kept)
    samples = faded(kept[:end], 0, round(FADE * RATE) if is_cut else 0)
    return Passage(samples, noise(levels), clipped_share(recorded), is_cut, in_pause)


def clipped_share(samples: Samples) -> float:
    """The share of samples that stand at full scale, three or more in a row."""
    if peak(samples) < _FULL:
        return 0.0
    at_top = np.concatenate(([0], (np.abs(samples) >= _FULL).astype(np.int8), [0]))
    turns = np.flatnonzero(np.diff(at_top))
    runs = turns[1::2] - turns[::2]
    return float(runs[runs >= _CLIPPED_RUN].sum() / max(1, len(samples)))


def _span(heard: NDArray[np.intp]) -> slice:
    """The samples from 0.1 s before the first window of speech to 0.1 s after the last."""
    if not heard.size:
        raise AudioError(f"nobody speaks in the recording; {_RECORD}")
    start = round((heard[0] * HOP - _MARGIN) * RATE)
    end = round(((heard[-1] + 2) * HOP + _MARGIN) * RATE)
    return slice(max(0, start), end)


def _check_long(seconds: float, what: str) -> None:
    if seconds < SHORTEST:
        raise AudioError(f"{seconds:.1f} s are {what}; {_RECORD}")


def _check_loud(speech: Powers) -> None:
    level = decibels(float(speech.mean()))
    if level < QUIET:
        raise AudioError(
            f"the recording is too quiet (speech at {level:.0f} dB of full scale); record nearer to the microphone"
        )


def _cut(samples: Samples) -> tuple[int, bool]:
    """Where to end, from 3 to 12 s: in the last pause of 0.2 s, else where it is quietest; and which it was."""
    levels = powers(samples, RATE)
    first, last = round(SHORTEST / HOP), round(LONGEST / HOP) - 2
    turns = np.flatnonzero(np.diff(np.concatenate(([0], ~is_speech(levels)[first:last], [0]))))
    long = [(a, b) for a, b in zip(turns[::2], turns[1::2], strict=True) if (b - a) * HOP >= _PAUSE]
    if not long:
        quietest = first + int(levels[first:last].argmin())
        return round((quietest + 1) * HOP * RATE), False
    start, end = long[-1]
    return round((first + min((start + end) / 2, start + _MARGIN / HOP)) * HOP * RATE), True

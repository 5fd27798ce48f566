"""A recording as it is kept: nothing in it has to be decoded again, and nothing is left of the file that it came in."""

import struct

import numpy as np

from voice_server.audio import passage, wav
from voice_server.audio.headers.riff import FLOAT
from voice_server.audio.levels import check_level
from voice_server.audio.samples import mono, resampled
from voice_server.audio.upload import Recording

HIGHEST_RATE = 48_000
"""So that the longest upload, a minute, stays within what may be read again; no voice has anything above 24 kHz."""
_FORMAT = struct.Struct("<HHIIHHH")
_FRAMES = struct.Struct("<I")
_SAMPLE = 4


def encoded(recording: Recording) -> bytes:
    """A WAV file of mono float32, at the recording's own rate up to 48 kHz; AudioError where it can be no reference.

    `reference.prepare` makes the same reference of it, to the bit, as of a recording of at most 48 kHz.
    """
    check_level(recording.samples)
    rate = min(recording.rate, HIGHEST_RATE)
    samples = resampled(mono(recording.samples), recording.rate, rate)
    passage.find(Recording(samples[:, np.newaxis], rate))
    return wav.file(
        {
            "fmt ": _FORMAT.pack(FLOAT, 1, rate, rate * _SAMPLE, _SAMPLE, 8 * _SAMPLE, 0),
            "fact": _FRAMES.pack(len(samples)),
            "data": samples.astype("<f4").tobytes(),
        }
    )

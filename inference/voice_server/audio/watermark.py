"""A mark in the sound itself, made by a function that the operator names; nobody may hear it."""

from importlib import import_module
from typing import Protocol, cast

import numpy as np

from voice_server.audio.levels import decibels, powers
from voice_server.audio.pcm import AudioError
from voice_server.audio.samples import Samples

_UNDER_SPEECH = 1e-2
_IN_PAUSES = 1e-4


class Watermark(Protocol):
    def __call__(self, samples: Samples, rate: int, /) -> Samples:
        """The same speech with a mark in it: as many float32 samples, full scale 1.0, at `rate` Hz."""


def untouched(samples: Samples, _rate: int, /) -> Samples:
    return samples


def named(reference: str) -> Watermark:
    """The function that `package.module:name` names; AudioError says what is wrong with the reference."""
    module, _, name = reference.partition(":")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise AudioError(
            f"there is no watermark {reference!r}: {error}; write package.module:function"
        ) from error
    if not callable(found):
        raise AudioError(f"the watermark {reference!r} cannot be called; write package.module:function")
    return cast("Watermark", found)


def applied(watermark: Watermark, samples: Samples, rate: int) -> Samples:
    """The marked speech; AudioError where the mark would be heard, or where what comes back is not the speech.

    In every 20 ms the change must stay 20 dB below what is spoken then, or 40 dB below the speech as a whole.
    """
    try:
        marked = np.asarray(watermark(samples.copy(), rate), np.float32)
    except Exception as error:
        raise AudioError(f"the watermark failed: {error}") from error
    if marked.shape != samples.shape or not np.isfinite(marked).all():
        raise AudioError(f"the watermark made {marked.shape} of {samples.shape} samples, or no numbers")
    spoken = powers(samples, rate)
    allowed = np.maximum(spoken * _UNDER_SPEECH, spoken.mean() * _IN_PAUSES)
    excess = float((powers(marked - samples, rate) / allowed).max())
    if excess > 1:
        raise AudioError(f"the watermark would be heard: somewhere it is {decibels(excess):.1f} dB too loud")
    return marked

"""How loud a sound is to listeners, by ITU-R BS.1770-4, as EBU R 128 measures it."""

import math
from functools import cache

import numpy as np
from pyloudnorm import IIRfilter

from voice_server.audio.levels import Powers
from voice_server.audio.samples import Samples

_STEP = 0.1
_STEPS_A_BLOCK = 4
_OFFSET = -0.691
_AUDIBLE = -70.0
_BELOW_MEAN = 0.1


def integrated(samples: Samples, rate: int) -> float:
    """LUFS of a sound of one channel that lasts 0.4 s or more; minus infinity where all of it is below -70."""
    weighted = samples.astype(np.float64)
    for stage in _weighting(rate):
        weighted = stage.apply_filter(weighted)
    blocks = _blocks(weighted, round(_STEP * rate))
    heard = blocks[blocks > 10 ** ((_AUDIBLE - _OFFSET) / 10)]
    if not heard.size:
        return -math.inf
    return _OFFSET + 10 * math.log10(heard[heard > heard.mean() * _BELOW_MEAN].mean())


def _blocks(weighted: Powers, step: int) -> Powers:
    """The mean squares of 0.4 s each, a new block every 0.1 s."""
    steps = weighted[: len(weighted) // step * step].reshape(-1, step)
    energies = np.einsum("ij,ij->i", steps, steps)
    return np.convolve(energies, np.ones(_STEPS_A_BLOCK), "valid") / (step * _STEPS_A_BLOCK)


@cache
def _weighting(rate: int) -> tuple[IIRfilter, IIRfilter]:
    """A head's effect and a low cut. pyloudnorm's meter has the same, and takes each block by itself in Python."""
    return (
        IIRfilter(4.0, math.sqrt(0.5), 1500.0, rate, "high_shelf"),
        IIRfilter(0.0, 0.5, 38.0, rate, "high_pass"),
    )

"""When the sampler stops on the way from noise (0) to speech (1): few stops, close together where it matters."""

import math

import torch

TIERS = (16, 12, 7, 5)
"""The numbers of steps that are offered, from the best to the fastest."""

_PRUNED = {
    5: (0, 2, 4, 8, 16, 32),
    7: (0, 2, 4, 6, 8, 16, 24, 32),
    12: (0, 2, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32),
    16: (0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32),
}
"""In 32nds, from "Fast F5-TTS" (arXiv 2505.19931): which of 32 steps can be left out and not be missed."""


def times(steps: int) -> tuple[float, ...]:
    """The `steps` + 1 times from 0 to 1 between which Euler steps are taken, in fp32.

    A known number of steps is pruned, another evenly spread; then sway sampling with the coefficient -1 (F5-TTS,
    arXiv 2410.06885, eq. 7) moves them towards the noise: t + s (cos(pi t / 2) - 1 + t) with s = -1.
    """
    if steps < 1:
        raise ValueError(f"{steps} steps lead nowhere; write at least 1")
    if steps in _PRUNED:
        even = torch.tensor(_PRUNED[steps], dtype=torch.float32) / 32
    else:
        even = torch.linspace(0, 1, steps + 1)
    swayed = even - (torch.cos(math.pi / 2 * even) - 1 + even)
    return tuple(swayed.tolist())

"""What the time does to the network: worked out once for the times of the schedules, so two fifths of the weights go.

Every block scales, shifts and gates what it computes by six vectors that a layer of its own ("AdaLN") makes of the
time, and of nothing else. The times are known beforehand, so the vectors are kept and those layers are not.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from voice_server.engines.f5.architecture import TIME_FREQUENCIES, Architecture
from voice_server.engines.f5.layers import Linear, Source


@dataclass(frozen=True, slots=True, eq=False)
class Modulation:
    """The network at one time."""

    blocks: Tensor
    """[depth, 6, dim]: shift, scale and gate of the attention, then of the feed-forward; scales are 1 + AdaLN's."""
    final: Tensor
    """[2, dim]: scale, so too 1 + AdaLN's, and shift of the last norm."""


def modulations(
    source: Source, architecture: Architecture, times: Iterable[float]
) -> dict[float, Modulation]:
    """The network at each of these times."""
    distinct = sorted(set(times))
    made_of = functional.silu(_embedded(source, distinct))
    depth, dim = architecture.depth, architecture.dim
    names = (f"transformer.transformer_blocks.{index}.attn_norm.linear" for index in range(depth))
    blocks = torch.stack([_layer(source, name)(made_of) for name in names], dim=1)
    blocks = blocks.view(len(distinct), depth, 6, dim)
    blocks[:, :, (1, 4)] += 1
    final = _layer(source, "transformer.norm_out.linear")(made_of).view(len(distinct), 2, dim)
    final[:, 0] += 1
    return {time: Modulation(blocks[row], final[row]) for row, time in enumerate(distinct)}


def _embedded(source: Source, times: list[float]) -> Tensor:
    """The times as the network knows them: [times, dim]."""
    half = TIME_FREQUENCIES // 2
    turns = torch.exp(torch.arange(half).float() * -(math.log(10_000) / (half - 1)))
    angles = 1000 * torch.tensor(times)[:, None] * turns
    waves = torch.cat((angles.sin(), angles.cos()), dim=-1).to(source.device)
    hidden = functional.silu(_layer(source, "transformer.time_embed.time_mlp.0")(waves))
    return _layer(source, "transformer.time_embed.time_mlp.2")(hidden)


def _layer(source: Source, name: str) -> Linear:
    """In fp32 whatever the storage type: it lives for one multiplication."""
    weight = source.tensors[f"{name}.weight"].detach().to(source.device, torch.float32)
    return Linear(weight, source.vector(f"{name}.bias"))

"""Attention within each sequence of a packed batch: no padding, no mask, nobody hears his neighbour."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from voice_server.engines.f5.architecture import Architecture
from voice_server.engines.f5.layers import EPSILON, Linear, Source


@dataclass(frozen=True, slots=True, eq=False)
class Packing:
    """How sequences lie in one matrix: those of one request, `streams` of the same length, one below the other."""

    streams: int
    lengths: tuple[int, ...]
    rotation: Tensor
    """[rows, dim_head / 2], complex: how far the pairs of each row are turned."""

    @classmethod
    def of(cls, streams: int, lengths: Sequence[int], rotations: Tensor) -> "Packing":
        turned = torch.cat([rotations[:length].repeat(streams, 1) for length in lengths])
        return cls(streams, tuple(lengths), turned)

    def parts(self, rows: Tensor) -> list[Tensor]:
        """[rows, ...] -> for each request [streams, length, ...], a view."""
        parts = torch.split(rows, [self.streams * length for length in self.lengths])
        return [part.view(self.streams, -1, *rows.shape[1:]) for part in parts]


@dataclass(frozen=True, slots=True, eq=False)
class Attention:
    qkv: Linear
    """Queries, keys and values in one multiplication."""
    out: Linear
    norms: Tensor | None
    """[2, 1, dim_head]: RMSNorm weights of queries and keys, where the network has them."""

    @classmethod
    def read(cls, source: Source, name: str, architecture: Architecture) -> "Attention":
        norms = None
        if architecture.qk_norm:
            norms = source.vector(f"{name}.q_norm.weight", f"{name}.k_norm.weight")
            norms = norms.view(2, 1, architecture.dim_head)
        qkv = source.linear(f"{name}.to_q", f"{name}.to_k", f"{name}.to_v")
        return cls(qkv, source.linear(f"{name}.to_out.0"), norms)

    def __call__(self, rows: Tensor, packing: Packing, architecture: Architecture) -> Tensor:
        """[rows, dim] -> [rows, dim]"""
        qkv = self.qkv(rows).view(len(rows), 3, architecture.heads, architecture.dim_head)
        if self.norms is not None:
            qkv[:, :2] = functional.rms_norm(qkv[:, :2], qkv.shape[-1:], eps=EPSILON) * self.norms
        _rotate(qkv[:, :2, : architecture.rotated_heads], packing.rotation)
        heard = [_attended(part).flatten(0, 1) for part in packing.parts(qkv)]
        return self.out(torch.cat(heard) if len(heard) > 1 else heard[0])


def _rotate(pairs: Tensor, rotation: Tensor) -> None:
    """Turn [rows, 2, heads, dim_head] in place: neighbours in the last dimension are one complex number."""
    torch.view_as_complex(pairs.view(*pairs.shape[:-1], -1, 2)).mul_(rotation[:, None, None])


def _attended(qkv: Tensor) -> Tensor:
    """[sequences, length, 3, heads, dim_head] -> [sequences, length, heads x dim_head]"""
    query, key, value = qkv.permute(2, 0, 3, 1, 4)
    heard = functional.scaled_dot_product_attention(query, key, value)
    return heard.transpose(1, 2).flatten(2)

"""Where in a sequence something stands, as numbers that a network can compute with."""

import torch
from torch import Tensor

_BASE = 10_000.0


def frequencies(dim: int) -> Tensor:
    """The `dim` / 2 angles, in radians a place, by which RoPE turns its pairs (RoFormer, arXiv 2104.09864, eq. 15)."""
    return torch.pow(_BASE, torch.arange(0, dim, 2).float() / dim).reciprocal()


def angles(length: int, dim: int) -> Tensor:
    """The angles at each of `length` places: [length, dim / 2]."""
    return torch.outer(torch.arange(length).float(), frequencies(dim))


def rotations(length: int, dim: int) -> Tensor:
    """The turn of each pair at each place, as complex numbers of length 1: [length, dim / 2]."""
    turned = angles(length, dim)
    return torch.polar(torch.ones_like(turned), turned)


def waves(length: int, dim: int) -> Tensor:
    """Cosines beside sines of the same angles, to be added to what stands there: [length, dim]."""
    turned = angles(length, dim)
    return torch.cat((turned.cos(), turned.sin()), dim=-1)

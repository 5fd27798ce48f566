"""Tensors of a checkpoint as layers: kept in the storage type, computed with in fp32."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

EPSILON = 1e-6

_POINTWISE = "_linear_pointwise"
_ONEDNN = getattr(torch.ops.mkldnn, _POINTWISE, None)
"""What PyTorch's compiler writes for a linear layer on a CPU. Called directly it takes a fifth less time on AMD."""


class StorageError(ValueError):
    """A tensor cannot be kept in the storage type that was asked for; the message names both."""


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    weight: Tensor
    """[outputs, inputs], in the storage type."""
    bias: Tensor | None

    def __call__(self, x: Tensor) -> Tensor:
        """[..., inputs] -> [..., outputs]"""
        if _ONEDNN is None or not x.is_cpu:
            return functional.linear(x, self.weight.float(), self.bias)
        product: Tensor = _ONEDNN(x, self.weight.float(), self.bias, "none", [], "")
        return product

    def gelu(self, x: Tensor) -> Tensor:
        """The same through GELU, approximated with tanh (arXiv 1606.08415, section 2)."""
        if _ONEDNN is None or not x.is_cpu:
            return functional.gelu(self(x), approximate="tanh")
        product: Tensor = _ONEDNN(x, self.weight.float(), self.bias, "gelu", [], "tanh")
        return product


@dataclass(frozen=True, slots=True, eq=False)
class Conv:
    """A convolution along the last dimension that keeps its length: what lies outside counts as 0."""

    weight: Tensor
    """[channels, inputs a group, kernel], in the storage type."""
    bias: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """[sequences, channels, length] -> the same shape"""
        channels, inputs, kernel = self.weight.shape
        weight = self.weight.float()
        return functional.conv1d(x, weight, self.bias, padding=kernel // 2, groups=channels // inputs)


def normalised(x: Tensor, scale: Tensor | None = None, shift: Tensor | None = None) -> Tensor:
    """LayerNorm over the last dimension, times `scale`, plus `shift`, each of that dimension's size."""
    return functional.layer_norm(x, x.shape[-1:], scale, shift, EPSILON)


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Where layers come from: each tensor is read once, copied to `device` and not held on to."""

    tensors: Mapping[str, Tensor]
    device: torch.device
    storage: torch.dtype

    def matrix(self, *names: str) -> Tensor:
        """These tensors, one below the other, in the storage type; StorageError when a value is too large for it."""
        rows = [self._moved(name, self.storage) for name in names]
        if self.storage != torch.float32:
            for name, row in zip(names, rows, strict=True):
                _check(name, row)
        return rows[0] if len(rows) == 1 else torch.cat(rows)

    def vector(self, *names: str) -> Tensor:
        """These tensors end to end, in fp32: they are small."""
        return torch.cat([self._moved(name, torch.float32) for name in names])

    def linear(self, *names: str) -> Linear:
        """One layer that gives the outputs of these layers side by side."""
        return Linear(
            self.matrix(*(f"{name}.weight" for name in names)),
            self.vector(*(f"{name}.bias" for name in names)),
        )

    def conv(self, name: str) -> Conv:
        return Conv(self.matrix(f"{name}.weight"), self.vector(f"{name}.bias"))

    def _moved(self, name: str, dtype: torch.dtype) -> Tensor:
        return self.tensors[name].detach().to(self.device, dtype, copy=True)


def _check(name: str, tensor: Tensor) -> None:
    if not tensor.isfinite().all():
        raise StorageError(f"{name} holds values that {tensor.dtype} cannot; store the weights as fp32")

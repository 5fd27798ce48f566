"""GPT-2's body for prompts of different lengths at once: coqui's weights, our memory of what was read.

Nothing is kept on the modules: a batch owns its Memory, and batches may take turns (`docs/decisions/0039-*`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional
from TTS.tts.layers.xtts.gpt import GPT

_GROWTH = 128
_SMALL = 32

Linear = Callable[[Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class _Layer:
    before_attention: nn.Module
    mix: Linear
    project: Linear
    before_feeding: nn.Module
    widen: Linear
    narrow: Linear


class Memory:
    """Keys and values of what a batch has read, layer by layer, and where each row's prompt begins."""

    def __init__(self, padding: Tensor) -> None:
        """Nothing read yet; row b will ignore its first `padding[b]` positions. Shape (rows,)."""
        self.padding = padding
        self.length = 0
        self.is_ragged = bool((padding > 0).any())
        self._keys: dict[int, Tensor] = {}
        self._values: dict[int, Tensor] = {}

    def extend(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """All keys and values of a layer with the new ones behind; shapes (rows, heads, positions, width)."""
        end = self.length + key.shape[2]
        held = self._keys.get(layer)
        if held is None or held.shape[2] < end:
            self._keys[layer] = _grown(held, key, end + _GROWTH)
            self._values[layer] = _grown(self._values.get(layer), value, end + _GROWTH)
        self._keys[layer][:, :, self.length : end] = key
        self._values[layer][:, :, self.length : end] = value
        return self._keys[layer][:, :, :end], self._values[layer][:, :, :end]

    def keep(self, rows: Sequence[int]) -> None:
        """Forget every other row."""
        index = torch.tensor(rows, device=self.padding.device)
        self.padding = self.padding[index]
        self.is_ragged = bool((self.padding > 0).any())
        for layer in self._keys:
            self._keys[layer] = self._keys[layer][index]
            self._values[layer] = self._values[layer][index]


class Transformer:
    """What XTTS calls `gpt.gpt` and its last norm, without dropout, gradients or state."""

    def __init__(self, layers: Sequence[_Layer], last: Callable[[Tensor], Tensor], heads: int) -> None:
        self._layers = layers
        self._last = last
        self._heads = heads

    @classmethod
    def of(cls, gpt: GPT) -> Self:
        """The transformer of a loaded model, whose blocks it takes over: `gpt.gpt` is left without any."""
        layers = [
            _Layer(
                before_attention=block.ln_1,
                mix=_linear(block.attn.c_attn),
                project=_linear(block.attn.c_proj),
                before_feeding=block.ln_2,
                widen=_linear(block.mlp.c_fc),
                narrow=_linear(block.mlp.c_proj),
            )
            for block in gpt.gpt.h
        ]
        gpt.gpt.h = nn.ModuleList()
        return cls(layers, lambda hidden: gpt.final_norm(gpt.gpt.ln_f(hidden)), gpt.heads)

    def read(self, embedded: Tensor, memory: Memory) -> Tensor:
        """What the last position of each row makes of all before: (rows, positions, width) to (rows, width)."""
        mask = _mask(memory, embedded.shape[1])
        hidden = embedded
        for number, layer in enumerate(self._layers):
            hidden = hidden + self._attend(layer, number, hidden, memory, mask)
            fed = layer.widen(layer.before_feeding(hidden))
            hidden = hidden + layer.narrow(functional.gelu(fed, approximate="tanh"))
        memory.length += embedded.shape[1]
        return self._last(hidden[:, -1])

    def _attend(
        self, layer: _Layer, number: int, hidden: Tensor, memory: Memory, mask: Tensor | None
    ) -> Tensor:
        rows, positions, width = hidden.shape
        mixed = layer.mix(layer.before_attention(hidden))
        query, key, value = (
            each.view(rows, positions, self._heads, width // self._heads).transpose(1, 2)
            for each in mixed.split(width, dim=2)
        )
        keys, values = memory.extend(number, key, value)
        heard = functional.scaled_dot_product_attention(query, keys, values, attn_mask=mask)
        return layer.project(heard.transpose(1, 2).reshape(rows, positions, width))


def _mask(memory: Memory, positions: int) -> Tensor | None:
    """Who may look where: (rows, 1, positions, all so far), or None where everybody may look everywhere."""
    if positions == 1 and not memory.is_ragged:
        return None
    device = memory.padding.device
    at = torch.arange(memory.length, memory.length + positions, device=device)[:, None]
    behind = torch.arange(memory.length + positions, device=device)
    mask = (behind <= at) & (behind >= memory.padding[:, None, None])
    # Padding looks at itself: in some kernels a position that sees nothing becomes NaN, and NaN spreads to all.
    return (mask | (behind == at))[:, None]


def _grown(held: Tensor | None, like: Tensor, positions: int) -> Tensor:
    rows, heads, _, width = like.shape
    grown = like.new_empty(rows, heads, positions, width)
    if held is not None:
        grown[:, :, : held.shape[2]] = held
    return grown


def _linear(module: nn.Module) -> Linear:
    """GPT-2's `Conv1D` with its matrix turned to lie as the fast kernels read it, in place of the old one."""
    weight = module.get_parameter("weight")
    bias = module.get_parameter("bias")
    weight.data = weight.data.t().contiguous()
    if weight.device.type == "cpu" and torch.backends.mkldnn.is_available():
        return lambda given: _cpu_linear(given, weight, bias)
    return lambda given: functional.linear(given, weight, bias)


def _cpu_linear(given: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    # For a few rows MKL, behind functional.linear, reads a matrix once a row; oneDNN reads it once for all.
    rows = given.shape[0] * given.shape[1]
    if 1 < rows <= _SMALL:
        flat: Tensor = torch.ops.mkldnn._linear_pointwise(given, weight, bias, "none", [], "")  # noqa: SLF001
        return flat
    return functional.linear(given, weight, bias)

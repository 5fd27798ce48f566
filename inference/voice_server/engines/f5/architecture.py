"""The numbers that describe one F5-TTS network, and the tensors that such a network is made of."""

from collections.abc import Iterator
from dataclasses import dataclass

CONV_POSITION_KERNEL = 31
CONV_POSITION_GROUPS = 16
CONVNEXT_KERNEL = 7
TIME_FREQUENCIES = 256
ROTARY_FREQUENCIES = "transformer.rotary_embed.inv_freq"
"""A buffer that files may hold, shape [dim_head / 2]: it follows from dim_head, and nothing is read from it."""

Shapes = Iterator[tuple[str, tuple[int, ...]]]


class ArchitectureError(ValueError):
    """No network can have these numbers; the message says which of them do not go together."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """A DiT of F5-TTS as its checkpoint was trained: V0, V1 or one of another size.

    The first two fields leave no trace in the tensors: whoever trained the checkpoint has to tell, or it is found
    out by trying. All others can be read off the tensors' shapes. `pe_attn_head` is the number of attention heads
    that see positions, None for all of them.
    """

    text_mask_padding: bool
    pe_attn_head: int | None
    dim: int = 1024
    depth: int = 22
    heads: int = 16
    dim_head: int = 64
    ff_mult: int = 2
    mel_dim: int = 100
    text_num_embeds: int = 2545
    text_dim: int = 512
    conv_layers: int = 4
    conv_mult: int = 2
    qk_norm: bool = False
    long_skip_connection: bool = False

    def __post_init__(self) -> None:
        if self.dim % CONV_POSITION_GROUPS:
            raise ArchitectureError(f"dim is {self.dim}, but has to be a multiple of {CONV_POSITION_GROUPS}")
        if self.dim_head % 2 or self.text_dim % 2:
            raise ArchitectureError(
                f"dim_head is {self.dim_head} and text_dim {self.text_dim}, but both have to be even"
            )
        if self.pe_attn_head is not None and not 0 < self.pe_attn_head <= self.heads:
            raise ArchitectureError(f"pe_attn_head is {self.pe_attn_head}, but there are {self.heads} heads")

    @property
    def inner(self) -> int:
        """The width of all heads side by side."""
        return self.heads * self.dim_head

    @property
    def rotated_heads(self) -> int:
        """How many heads see positions."""
        return self.heads if self.pe_attn_head is None else self.pe_attn_head


V0 = Architecture(text_mask_padding=False, pe_attn_head=1)
"""F5TTS_Base, and most checkpoints that were tuned before March 2025."""
V1 = Architecture(text_mask_padding=True, pe_attn_head=None)
"""F5TTS_v1_Base."""


def shapes(architecture: Architecture) -> dict[str, tuple[int, ...]]:
    """Every tensor that the network needs, by its name in a checkpoint without `ema_model.`, with its shape."""
    return dict(_network(architecture))


def _network(a: Architecture) -> Shapes:
    yield from _linear("transformer.time_embed.time_mlp.0", a.dim, TIME_FREQUENCIES)
    yield from _linear("transformer.time_embed.time_mlp.2", a.dim, a.dim)
    yield "transformer.text_embed.text_embed.weight", (a.text_num_embeds + 1, a.text_dim)
    for index in range(a.conv_layers):
        yield from _text_block(f"transformer.text_embed.text_blocks.{index}", a.text_dim, a.conv_mult)
    yield from _linear("transformer.input_embed.proj", a.dim, 2 * a.mel_dim + a.text_dim)
    for index in (0, 2):
        name = f"transformer.input_embed.conv_pos_embed.conv1d.{index}"
        yield from _conv(name, a.dim, a.dim // CONV_POSITION_GROUPS, CONV_POSITION_KERNEL)
    for index in range(a.depth):
        yield from _block(f"transformer.transformer_blocks.{index}", a)
    if a.long_skip_connection:
        yield "transformer.long_skip_connection.weight", (a.dim, 2 * a.dim)
    yield from _linear("transformer.norm_out.linear", 2 * a.dim, a.dim)
    yield from _linear("transformer.proj_out", a.mel_dim, a.dim)


def _text_block(name: str, dim: int, mult: int) -> Shapes:
    """One ConvNeXt V2 block."""
    yield from _conv(f"{name}.dwconv", dim, 1, CONVNEXT_KERNEL)
    yield f"{name}.norm.weight", (dim,)
    yield f"{name}.norm.bias", (dim,)
    yield from _linear(f"{name}.pwconv1", dim * mult, dim)
    yield f"{name}.grn.gamma", (1, 1, dim * mult)
    yield f"{name}.grn.beta", (1, 1, dim * mult)
    yield from _linear(f"{name}.pwconv2", dim, dim * mult)


def _block(name: str, a: Architecture) -> Shapes:
    """One transformer block: modulation, attention, feed-forward."""
    yield from _linear(f"{name}.attn_norm.linear", 6 * a.dim, a.dim)
    for part in ("to_q", "to_k", "to_v"):
        yield from _linear(f"{name}.attn.{part}", a.inner, a.dim)
    if a.qk_norm:
        yield f"{name}.attn.q_norm.weight", (a.dim_head,)
        yield f"{name}.attn.k_norm.weight", (a.dim_head,)
    yield from _linear(f"{name}.attn.to_out.0", a.dim, a.inner)
    yield from _linear(f"{name}.ff.ff.0.0", a.ff_mult * a.dim, a.dim)
    yield from _linear(f"{name}.ff.ff.2", a.dim, a.ff_mult * a.dim)


def _linear(name: str, outputs: int, inputs: int) -> Shapes:
    yield f"{name}.weight", (outputs, inputs)
    yield f"{name}.bias", (outputs,)


def _conv(name: str, outputs: int, inputs_a_group: int, kernel: int) -> Shapes:
    yield f"{name}.weight", (outputs, inputs_a_group, kernel)
    yield f"{name}.bias", (outputs,)

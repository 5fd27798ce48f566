"""The network of F5-TTS: which way noise has to move to become what the text says in the reference's voice.

Written for inference alone. A batch is packed: the rows of all sequences lie in one matrix, so that layers that look
at one row at a time waste nothing on padding; what looks along time (attention, convolutions) is done a request at
a time. A request in a batch therefore gets what it gets alone. Nothing is ever kept in a network between two calls.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from voice_server.engines.f5.architecture import Architecture
from voice_server.engines.f5.attention import Attention, Packing
from voice_server.engines.f5.layers import Conv, Linear, Source, normalised
from voice_server.engines.f5.modulation import Modulation, modulations
from voice_server.engines.f5.positions import rotations
from voice_server.engines.f5.text import TextEncoder

LONGEST = 8192
"""Frames of reference and speech together, 87 s: as far as upstream's table of text positions goes."""


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    architecture: Architecture
    device: torch.device
    modulations: Mapping[float, Modulation]
    rotations: Tensor
    text: TextEncoder
    entry: "Entry"
    blocks: tuple["Block", ...]
    skip: Linear | None
    proj_out: Linear

    @classmethod
    def read(cls, source: Source, architecture: Architecture, times: Iterable[float]) -> "Network":
        """The network that can be asked at these times, and at no others."""
        a = architecture
        skip = source.matrix("transformer.long_skip_connection.weight") if a.long_skip_connection else None
        return cls(
            architecture=a,
            device=source.device,
            modulations=modulations(source, a, times),
            rotations=rotations(LONGEST, a.dim_head).to(source.device),
            text=TextEncoder.read(source, a),
            entry=Entry.read(source, a),
            blocks=tuple(Block.read(source, index, a) for index in range(a.depth)),
            skip=None if skip is None else Linear(skip, None),
            proj_out=source.linear("transformer.proj_out"),
        )

    def condition(self, reference: Tensor, tokens: Tensor, length: int, *, guided: bool) -> Tensor:
        """All that the network is told beside the noise, which no step changes: [1 or 2, length, dim].

        `reference` [at most length, mel_dim] is the mel to continue, `tokens` [n] what it and the speech say. If
        `guided`, a second stream is told neither, for classifier-free guidance.
        """
        text = self.text(tokens, length, guided=guided, masked=self.architecture.text_mask_padding)
        told = self.entry.text(text)
        told[0, : len(reference)] += self.entry.reference(reference)
        return told

    def pack(self, conditions: Sequence[Tensor]) -> Packing:
        """The layout of a batch of what `condition` gave, all guided or none."""
        lengths = [condition.shape[1] for condition in conditions]
        return Packing.of(conditions[0].shape[0], lengths, self.rotations)

    def velocities(
        self, noisy: Sequence[Tensor], conditions: Sequence[Tensor], packing: Packing, time: float
    ) -> list[Tensor]:
        """For each request where its mel moves at `time`: [length, mel_dim] -> [streams, length, mel_dim]."""
        modulation = self.modulations[time]
        entered = [self.entry(x, told) for x, told in zip(noisy, conditions, strict=True)]
        rows = first = torch.cat([each.flatten(0, 1) for each in entered])
        for block, moment in zip(self.blocks, modulation.blocks, strict=True):
            rows = block(rows, moment, packing, self.architecture)
        if self.skip is not None:
            rows = self.skip(torch.cat((rows, first), dim=-1))
        scale, shift = modulation.final
        return packing.parts(self.proj_out(normalised(rows, scale, shift)))


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """The first layer, taken apart: of noise, reference and text only the noise is new in a step."""

    noise: Linear
    reference: Linear
    text: Linear
    near: Conv
    far: Conv

    @classmethod
    def read(cls, source: Source, architecture: Architecture) -> "Entry":
        together = source.linear("transformer.input_embed.proj")
        widths = [architecture.mel_dim, architecture.mel_dim, architecture.text_dim]
        noise, reference, text = (part.contiguous() for part in torch.split(together.weight, widths, dim=1))
        convs = "transformer.input_embed.conv_pos_embed.conv1d"
        return cls(
            noise=Linear(noise, None),
            reference=Linear(reference, None),
            text=Linear(text, together.bias),
            near=source.conv(f"{convs}.0"),
            far=source.conv(f"{convs}.2"),
        )

    def __call__(self, noisy: Tensor, told: Tensor) -> Tensor:
        """[length, mel_dim] and [streams, length, dim] -> [streams, length, dim], aware of its neighbourhood"""
        x = self.noise(noisy) + told
        near = functional.mish(self.near(x.transpose(1, 2)), inplace=True)
        return x + functional.mish(self.far(near), inplace=True).transpose(1, 2)


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A transformer block (DiT, arXiv 2212.09748): attention, then two layers row by row."""

    attention: Attention
    widen: Linear
    narrow: Linear

    @classmethod
    def read(cls, source: Source, index: int, architecture: Architecture) -> "Block":
        name = f"transformer.transformer_blocks.{index}"
        return cls(
            attention=Attention.read(source, f"{name}.attn", architecture),
            widen=source.linear(f"{name}.ff.ff.0.0"),
            narrow=source.linear(f"{name}.ff.ff.2"),
        )

    def __call__(self, rows: Tensor, moment: Tensor, packing: Packing, architecture: Architecture) -> Tensor:
        """[rows, dim] -> [rows, dim], at the moment [6, dim] of `Modulation.blocks`"""
        shift, scale, gate, shift_wide, scale_wide, gate_wide = moment
        attended = self.attention(normalised(rows, scale, shift), packing, architecture)
        rows = torch.addcmul(rows, gate, attended)
        wide = self.widen.gelu(normalised(rows, scale_wide, shift_wide))
        return torch.addcmul(rows, gate_wide, self.narrow(wide))

"""What is to be said, as a row of numbers for each frame of speech; where it is said the network finds out itself."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from voice_server.engines.f5.architecture import Architecture
from voice_server.engines.f5.layers import Conv, Linear, Source, normalised
from voice_server.engines.f5.positions import waves


@dataclass(frozen=True, slots=True, eq=False)
class TextEncoder:
    embedding: Tensor
    """[tokens + 1, text_dim], in the storage type; row 0 stands for no token."""
    blocks: tuple["TextBlock", ...]

    @classmethod
    def read(cls, source: Source, architecture: Architecture) -> "TextEncoder":
        return cls(
            source.matrix("transformer.text_embed.text_embed.weight"),
            tuple(TextBlock.read(source, index) for index in range(architecture.conv_layers)),
        )

    def __call__(self, tokens: Tensor, length: int, *, guided: bool, masked: bool) -> Tensor:
        """[n] -> [1 or 2, length, text_dim]: the text, and if `guided` as much of no text, for the network to leave.

        `masked`: frames beyond the text stay 0 through all blocks (v1); otherwise they are computed with (v0).
        """
        said = functional.pad(tokens[:length] + 1, (0, length - len(tokens[:length])))
        ids = torch.stack((said, torch.zeros_like(said))) if guided else said[None]
        x = self.embedding[ids].float()
        if not self.blocks:
            return x
        beyond = (said == 0)[:, None] & masked
        x = (x + waves(length, x.shape[-1]).to(x.device)).masked_fill(beyond, 0)
        for block in self.blocks:
            x = block(x).masked_fill(beyond, 0)
        return x


@dataclass(frozen=True, slots=True, eq=False)
class TextBlock:
    """ConvNeXt V2 (arXiv 2301.00808): each channel along time, then all channels of each frame."""

    depthwise: Conv
    scale: Tensor
    shift: Tensor
    widen: Linear
    gamma: Tensor
    beta: Tensor
    narrow: Linear

    @classmethod
    def read(cls, source: Source, index: int) -> "TextBlock":
        name = f"transformer.text_embed.text_blocks.{index}"
        return cls(
            depthwise=source.conv(f"{name}.dwconv"),
            scale=source.vector(f"{name}.norm.weight"),
            shift=source.vector(f"{name}.norm.bias"),
            widen=source.linear(f"{name}.pwconv1"),
            gamma=source.vector(f"{name}.grn.gamma"),
            beta=source.vector(f"{name}.grn.beta"),
            narrow=source.linear(f"{name}.pwconv2"),
        )

    def __call__(self, x: Tensor) -> Tensor:
        """[sequences, length, text_dim] -> the same shape"""
        along = self.depthwise(x.transpose(1, 2)).transpose(1, 2)
        wide = functional.gelu(self.widen(normalised(along, self.scale, self.shift)))
        return x + self.narrow(self._responded(wide))

    def _responded(self, x: Tensor) -> Tensor:
        """Global response normalisation (there, eq. 1-3): a channel counts by its loudness over the whole sequence."""
        loudness = torch.linalg.vector_norm(x, dim=1, keepdim=True)
        weight = loudness / (loudness.mean(dim=-1, keepdim=True) + 1e-6)
        return torch.addcmul(x + self.beta, self.gamma, x * weight)

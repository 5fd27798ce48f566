"""The loss that F5-TTS is trained with, for one recording: how far the network is off where it has to fill in."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from voice_server.engines.f5.architecture import Architecture
from voice_server.engines.f5.layers import Source
from voice_server.engines.f5.model import Network

TIMES = (0.1, 0.3, 0.5, 0.7)
SEED = 1
HEARD = 0.3
"""The share of the recording that the network is given; in training it was at most that."""


class Infill:
    """A network that is asked at a few moments what the rest of a recording sounds like."""

    def __init__(
        self, weights: Mapping[str, Tensor], architecture: Architecture, device: torch.device | str = "cpu"
    ) -> None:
        source = Source(weights, torch.device(device), torch.float32)
        with torch.inference_mode():
            self._network = Network.read(source, architecture, TIMES)

    def losses(self, mel: Tensor, tokens: Sequence[int], *, masked: bool, heads: int | None) -> list[float]:
        """For each of TIMES the mean square error of the flow (arXiv 2410.06885, eq. 4).

        `mel` [frames, mel_dim] is the recording, `tokens` are what is said in it. `masked` and `heads` stand for
        `text_mask_padding` and `pe_attn_head`: with which of them the loss is lowest is how the network was trained.
        """
        architecture = replace(self._network.architecture, text_mask_padding=masked, pe_attn_head=heads)
        network = replace(self._network, architecture=architecture)
        said = torch.tensor(tokens, device=network.device)
        with torch.inference_mode():
            told = network.condition(_heard(mel).to(network.device), said, len(mel), guided=False)
            return [_loss(network, mel, told, time) for time in TIMES]


def _loss(network: Network, mel: Tensor, told: Tensor, time: float) -> float:
    noise = torch.randn(mel.shape, generator=torch.Generator().manual_seed(SEED))
    noisy = torch.lerp(noise, mel, time).to(network.device)
    (velocity,) = network.velocities([noisy], [told], network.pack([told]), time)
    wrong = velocity[0].cpu() - (mel - noise)
    return float(wrong[len(_heard(mel)) :].square().mean())


def _heard(mel: Tensor) -> Tensor:
    return mel[: round(len(mel) * HEARD)]

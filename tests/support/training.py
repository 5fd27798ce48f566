"""Networks that learnt one recording by heart, by upstream's own forward and the loss of its paper."""

import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from support.f5 import random_weights, upstream
from voice_server.engines.f5.architecture import Architecture

RATE = 4e-3


def trained(architecture: Architecture, mel: Tensor, tokens: list[int], steps: int) -> dict[str, Tensor]:
    """Weights after so many steps of filling in what lies behind a random part of the mel [frames, mel_dim]."""
    model = upstream(random_weights(architecture), architecture)
    parameters = [parameter.requires_grad_() for parameter in model.transformer.parameters()]
    optimiser = torch.optim.Adam(parameters, lr=RATE)
    generator = torch.Generator().manual_seed(3)
    text = torch.tensor([tokens])
    for _ in range(steps):
        noise = torch.randn(mel.shape, generator=generator)
        time, heard = torch.rand(2, generator=generator)
        hidden = torch.arange(len(mel)) >= 0.3 * heard * len(mel)
        flow = model.transformer(
            x=torch.lerp(noise, mel, time)[None],
            cond=mel.masked_fill(hidden[:, None], 0)[None],
            text=text,
            time=time,
        )
        optimiser.zero_grad()
        mse_loss(flow[0, hidden], (mel - noise)[hidden]).backward()
        optimiser.step()
    return {name: tensor.detach() for name, tensor in model.state_dict().items()}

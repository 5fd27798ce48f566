"""How the next audio token is drawn, row by row, as transformers' logits processors would have it."""

from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from voice_server.engines.xtts.config import Sampling


def penalised(logits: Tensor, seen: Tensor, penalty: float) -> Tensor:
    """The logits with tokens that were `seen` made less likely (Keskar et al., 2019); both (rows, tokens)."""
    lowered = torch.where(logits < 0, logits * penalty, logits / penalty)
    return torch.where(seen, lowered, logits)


def probabilities(logits: Tensor, sampling: Sampling) -> Tensor:
    """Each token's chance (rows, tokens) after temperature, the `top_k` likeliest, and the nucleus `top_p`."""
    best, tokens = torch.topk(logits / sampling.temperature, min(sampling.top_k, logits.shape[-1]))
    chances = torch.softmax(best, dim=-1)
    # Summed from the least likely: near a top_p of 1 a sum from the likeliest has no digits left for the tail.
    tail = chances.flip(-1).cumsum(dim=-1).flip(-1)
    beyond = tail <= 1 - sampling.top_p
    beyond[..., 0] = False
    kept = torch.softmax(best.masked_fill(beyond, -torch.inf), dim=-1)
    return torch.zeros_like(logits).scatter_(-1, tokens, kept)


def draw(logits: Tensor, seen: Tensor, sampling: Sampling, generators: Sequence[Generator]) -> Tensor:
    """One token a row, drawn by that row's own generator: neighbours never change what it says. Shape (rows,)."""
    logits = penalised(logits, seen, sampling.repetition_penalty)
    if sampling.temperature == 0:
        return logits.argmax(dim=-1)
    chances = probabilities(logits, sampling)
    drawn = [torch.multinomial(row, 1, generator=own) for row, own in zip(chances, generators, strict=True)]
    return torch.cat(drawn)

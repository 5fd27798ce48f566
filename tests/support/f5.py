"""Networks of F5-TTS with random weights, and upstream's own network and sampler made of the same weights.

As input: an architecture and a seed. As output: tensors named as in a checkpoint, all of them far from zero, for
upstream begins with zeroes where they would hide a mistake (gates, the last layer).
"""

from dataclasses import replace
from importlib import import_module
from math import prod, sqrt
from typing import Any

import torch
from torch import Tensor

from voice_server.engines.f5 import upstream as reference
from voice_server.engines.f5.architecture import ROTARY_FREQUENCIES, V0, Architecture, shapes
from voice_server.engines.f5.positions import frequencies
from voice_server.engines.f5.sampler import F5, Request, Voice

TINY_V0 = replace(
    V0, dim=64, depth=2, heads=4, dim_head=16, mel_dim=20, text_num_embeds=40, text_dim=32, conv_layers=2
)
TINY_V1 = replace(TINY_V0, text_mask_padding=True, pe_attn_head=None)


def random_weights(architecture: Architecture, seed: int = 0) -> dict[str, Tensor]:
    """Every tensor of such a network, at a scale that keeps what passes through it near 1."""
    generator = torch.Generator().manual_seed(seed)
    return {name: _random(name, shape, generator) for name, shape in shapes(architecture).items()}


def _random(name: str, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    drawn = torch.randn(shape, generator=generator)
    if name.endswith(("norm.weight", "grn.gamma")):
        return drawn.mul_(0.2).add_(1)
    if name.endswith((".bias", "grn.beta")):
        return drawn.mul_(0.2)
    return drawn if "embed.text_embed" in name else drawn.div_(sqrt(prod(shape[1:])))


def upstream(weights: dict[str, Tensor], architecture: Architecture) -> Any:
    """f5-tts' own model with these very weights."""
    model = reference.model(architecture)
    rotary = {ROTARY_FREQUENCIES: frequencies(architecture.dim_head)}
    model.load_state_dict(weights | rotary, assign=True)
    return model.eval()


def upstream_shapes(architecture: Architecture) -> dict[str, tuple[int, ...]]:
    reference.package()  # torch cannot finish importing itself within the block
    with torch.device("meta"):
        tensors = reference.model(architecture).transformer.state_dict()
    return {f"transformer.{name}": tuple(tensor.shape) for name, tensor in tensors.items()}


def upstream_times(steps: int) -> tuple[float, ...]:
    even: Tensor = _module("utils").get_epss_timesteps(steps, device="cpu", dtype=torch.float32)
    swayed = even - (torch.cos(torch.pi / 2 * even) - 1 + even)
    return tuple(swayed.tolist())


def upstream_mel(samples: Tensor) -> Tensor:
    mel: Tensor = _module("modules").MelSpec()(samples[None])[0].T
    return mel


def _module(name: str) -> Any:
    reference.package()
    return import_module(f"f5_tts.model.{name}")


def spoken_upstream(model: Any, request: Request, steps: int, cfg: float = 2.0) -> Tensor:
    """What f5-tts makes of the same request: [frames, mel_dim], without the reference."""
    voice = request.voice
    text = torch.cat((voice.tokens, torch.tensor(request.tokens, dtype=torch.int64)))[None]
    mel: Tensor = model.sample(
        cond=voice.mel[None],
        text=text,
        duration=len(voice.mel) + request.frames,
        steps=steps,
        cfg_strength=cfg,
        sway_sampling_coef=-1.0,
        seed=request.seed,
    )[0]
    return mel[0, len(voice.mel) :]


def said(mels: list[Tensor | None]) -> Tensor:
    """The only mel there is."""
    (mel,) = mels
    assert mel is not None
    return mel


def a_voice(f5: F5, frames: int = 37, tokens: int = 9, seed: int = 1) -> Voice:
    a = f5.architecture
    generator = torch.Generator().manual_seed(seed)
    mel = torch.randn(frames, a.mel_dim, generator=generator)
    said = torch.randint(0, a.text_num_embeds, (tokens,), generator=generator)
    return f5.prepare(mel, said.tolist())


def a_request(voice: Voice, **other: Any) -> Request:
    """A request for 41 frames that somebody wants, unless said otherwise."""
    usual = Request(voice, tokens=(3, 1, 4, 1, 5, 9, 2, 6), frames=41, seed=7, is_wanted=wanted)
    return replace(usual, **other)


def wanted() -> bool:
    return True

"""F5-TTS as its own project speaks it: the reference that our network is held to, and that a pod may speak with.

Its modules keep a request's text on themselves, are not exact in batches, draw noise by torch's one generator and
cannot be stopped between steps. So requests are spoken one after the other, and asked for before they begin.
"""

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from voice_server.engines.base import EngineError
from voice_server.engines.f5.architecture import ROTARY_FREQUENCIES, Architecture
from voice_server.engines.f5.positions import frequencies
from voice_server.engines.f5.sampler import GUIDANCE, Request, Voice, frames, voice
from voice_server.settings import SettingsError

PACKAGE = "f5_tts"
SWAY = -1.0
_MISSING = (
    "F5_RUNTIME: upstream needs {name}, which is not installed here; take the image of f5-upstream, install "
    "voice-rollout[f5-upstream], or write lean"
)


def check() -> None:
    """SettingsError where f5-tts is not installed. Nothing is imported."""
    if find_spec(PACKAGE) is None:
        raise SettingsError(_MISSING.format(name=PACKAGE))


class Upstream:
    def __init__(
        self, weights: Mapping[str, Tensor], architecture: Architecture, device: torch.device | str = "cpu"
    ) -> None:
        """f5-tts's model with these weights, in fp32; EngineError where it is not installed or has no such network."""
        self._architecture = architecture
        self._model = model(architecture)
        rotary = {ROTARY_FREQUENCIES: frequencies(architecture.dim_head)}
        try:
            self._model.load_state_dict(rotary | dict(weights))
        except RuntimeError as error:
            raise EngineError(f"F5_RUNTIME: f5-tts has no such network ({error}); write lean") from error
        self._device = torch.device(device)
        self._model.to(self._device).requires_grad_(requires_grad=False).eval()

    def learn(self, samples: Tensor, tokens: Sequence[int]) -> Voice:
        """The voice in [n] samples at 24 kHz that say `tokens`; RequestError."""
        (mel,) = self._model.mel_spec(samples[None].to(self._device))
        return voice(mel.T, tokens, self._architecture)

    def speak(self, requests: Sequence[Request], steps: int) -> list[Tensor | None]:
        """As `F5.speak`, but each request is asked only once whether it is wanted, before its first step.

        On a CPU a seed draws the noise that `F5` draws; on a card upstream draws it there, and other noise.
        """
        return [self._spoken(each, steps) if each.is_wanted() else None for each in requests]

    def _spoken(self, request: Request, steps: int) -> Tensor:
        reference, length = request.voice, frames(request)
        text = torch.cat((reference.tokens, torch.tensor(request.tokens, dtype=torch.int64)))
        try:
            (mel,), _ = self._model.sample(
                cond=reference.mel[None].to(self._device),
                text=text[None].to(self._device),
                duration=length,
                steps=steps,
                cfg_strength=GUIDANCE,
                sway_sampling_coef=SWAY,
                seed=request.seed,
            )
        finally:
            # Upstream forgets a text only where it was spoken to the end.
            self._model.transformer.clear_cache()
        spoken: Tensor = mel[len(reference.mel) :]
        return spoken


def model(architecture: Architecture) -> Any:
    """f5-tts's `CFM` around a `DiT` of this architecture, its weights still to be loaded; EngineError."""
    f5_tts, a = package(), architecture
    network = f5_tts.DiT(
        dim=a.dim, depth=a.depth, heads=a.heads, dim_head=a.dim_head, ff_mult=a.ff_mult, mel_dim=a.mel_dim,
        text_num_embeds=a.text_num_embeds, text_dim=a.text_dim, text_mask_padding=a.text_mask_padding,
        qk_norm="rms_norm" if a.qk_norm else None, conv_layers=a.conv_layers, pe_attn_head=a.pe_attn_head,
        long_skip_connection=a.long_skip_connection,
    )  # fmt: skip
    return f5_tts.CFM(transformer=network, mel_spec_kwargs={"n_mel_channels": a.mel_dim})


def package() -> Any:
    """f5-tts's models; EngineError. Its trainer stays out: wandb, pandas and as long again to import, for nothing."""
    trainer = ModuleType(f"{PACKAGE}.model.trainer")
    vars(trainer)["Trainer"] = None
    sys.modules.setdefault(trainer.__name__, trainer)
    try:
        return import_module(f"{PACKAGE}.model")
    except ModuleNotFoundError as error:
        raise EngineError(_MISSING.format(name=error.name)) from error

"""By whose code a checkpoint speaks: ours, or upstream's to compare with."""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from voice_server.engines.f5.sampler import F5, Request, Voice
from voice_server.engines.f5.settings import F5Settings
from voice_server.engines.f5.upstream import Upstream
from voice_server.engines.f5.verification import Verified


class Runtime(Protocol):
    """A network with its weights, for one thread at a time."""

    def learn(self, samples: Tensor, tokens: Sequence[int], /) -> Voice:
        """The voice in [n] samples at 24 kHz that say `tokens`; RequestError."""

    def speak(self, requests: Sequence[Request], steps: int, /) -> list[Tensor | None]:
        """The mel [frames, 100] of each request without its reference; None for one that nobody wants any more."""


def load(model: Verified, settings: F5Settings, device: torch.device) -> Runtime:
    """The runtime of the settings on the device; CheckpointError, StorageError or EngineError."""
    if settings.is_upstream:
        return Upstream(model.weights, model.architecture, device)
    storage = torch.float16 if settings.storage == "fp16" else torch.float32
    return F5(model.weights, model.architecture, device, storage, settings.steps)

"""What the engines have in common that torch computes for."""

from collections.abc import Callable

import torch

from voice_server.engines.torch_thread import TorchThread


class TorchEngine:
    """A thread of its own, and what can be given back of a card when its memory does not suffice."""

    def __init__(self, thread: str) -> None:
        self._thread = TorchThread(thread)
        self._reliefs: list[Callable[[], object]] = []

    def relieve(self) -> bool:
        """Give back what torch holds unused; then let the CPU do part after part of the work."""
        if not self._reliefs:
            return False
        self._thread.later(self._reliefs.pop(0))
        return True

    def vram(self) -> tuple[int, int]:
        """Bytes in use and bytes held; zeros on a CPU."""
        return torch.cuda.memory_allocated(), torch.cuda.memory_reserved()

    def _loaded_on(self, device: torch.device, *moves: Callable[[], object]) -> None:
        """From now on there is something to give back: on a card, its unused memory and then these `moves`."""
        self._reliefs = [torch.cuda.empty_cache, *moves] if device.type == "cuda" else []

"""What the engines have in common that torch computes for."""

from collections.abc import Callable
from typing import TypeVar

import torch

from voice_server.engines.torch_thread import TorchThread

T = TypeVar("T")


class TorchEngine:
    """A thread of its own, and what can be given back of a card when its memory does not suffice."""

    def __init__(self, thread: str) -> None:
        self._thread = TorchThread(thread)
        self._moves: list[Callable[[], object]] = []
        self._is_on_card = False
        self._holds_unused = False

    def relieve(self) -> bool:
        """Give back what torch holds unused; where that was not enough, let the CPU do one more part of the work."""
        if self._is_on_card and self._holds_unused:
            self._holds_unused = False
            self._thread.later(torch.cuda.empty_cache)
            return True
        if not self._moves:
            return False
        self._thread.later(self._moves.pop(0))
        return True

    def vram(self) -> tuple[int, int]:
        """Bytes in use and bytes held; zeros on a CPU."""
        return torch.cuda.memory_allocated(), torch.cuda.memory_reserved()

    def _loaded_on(self, device: torch.device, *moves: Callable[[], object]) -> None:
        """From now on there is something to give back: on a card, its unused memory and then these `moves`."""
        self._is_on_card = self._holds_unused = device.type == "cuda"
        self._moves = list(moves) if self._is_on_card else []

    async def _spoken(self, speak: Callable[[], T]) -> T:
        """What `speak` gives in the thread. It sufficed this time, so a later shortage begins with what is unused."""
        answers = await self._thread.run(speak)
        self._holds_unused = True
        return answers

"""Torch in one thread of its own, and its ways to fail in the words of the engine protocol."""

import asyncio
import logging
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

from voice_server.engines.base import DeviceLostError, EngineError, OutOfMemoryError

T = TypeVar("T")
log = logging.getLogger(__name__)
_NO_MEMORY = re.compile(
    r"out of memory|can't allocate memory|ALLOC(ATION)?_FAILED|NVML_SUCCESS == .* INTERNAL ASSERT",
    re.IGNORECASE,
)
"""The last is what PyTorch 2.7 says where it cannot even tell how full the card is: under MIG or WSL."""
_LOST = re.compile(
    r"CUDA error(?!: CUBLAS)|CUDA driver error|device-side assert"
    r"|(CUBLAS|CUDNN)_STATUS_(?!NOT_SUPPORTED|BAD_PARAM|INVALID_VALUE)"
)
"""Not what a library merely has no way to compute: the next text may have another shape."""


def chosen(name: str | None) -> torch.device:
    """The device of that name, or the best there is; EngineError when it is not there."""
    if name == "cuda" and not torch.cuda.is_available():
        raise EngineError("VOICE_DEVICE: there is no CUDA device in this pod; ask for a GPU, or write cpu")
    return torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))


class TorchThread:
    """Runs one thing after the other. The event loop waits for it without being blocked."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(1, name)

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` gives; OutOfMemoryError, DeviceLostError or EngineError in place of torch's errors."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, _guarded, work)

    def later(self, work: Callable[[], object]) -> None:
        """Before whatever is asked for next; what it raises is logged only."""
        self._pool.submit(_logged, work)


def _logged(work: Callable[[], object]) -> None:
    try:
        work()
    except Exception:
        log.exception("memory could not be given back")


def _guarded(work: Callable[[], T]) -> T:
    try:
        return work()
    except torch.OutOfMemoryError as error:
        failure: EngineError = OutOfMemoryError(str(error).partition("\n")[0])
    except (RuntimeError, MemoryError) as error:
        failure = translated(error)
    # Raised out here, so that nothing refers to the frames of the failed work: they hold its tensors.
    raise failure


def translated(error: RuntimeError | MemoryError) -> EngineError:
    """Torch's error by what it means for the next batch."""
    said = str(error).partition("\n")[0]
    if isinstance(error, MemoryError) or _NO_MEMORY.search(said):
        return OutOfMemoryError(f"torch: {said}")
    if _LOST.search(said):
        return DeviceLostError(f"torch: {said}")
    return EngineError(f"torch: {said}")

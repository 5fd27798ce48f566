"""Times and memory on a device: taken when it has done its work, not when it was handed over."""

import gc
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch

T = TypeVar("T")
CARD = "cuda"
SMALL = "small"
"""The name of a folder for networks of a toy size."""


@dataclass(frozen=True)
class Meter:
    device: str
    rounds: int

    @property
    def is_card(self) -> bool:
        return self.device == CARD

    def seconds(self, work: Callable[[], object]) -> list[float]:
        """Of each round; what is only done the first time was done before."""
        work()
        return [self.once(work) for _ in range(self.rounds)]

    def once(self, work: Callable[[], object]) -> float:
        self._settle()
        start = time.perf_counter()
        work()
        self._settle()
        return time.perf_counter() - start

    def peak(self, work: Callable[[], object]) -> float | None:
        """MB that PyTorch holds of the card at most, what it held before included; None on a CPU."""
        if not self.is_card:
            work()
            return None
        self.tidy()
        torch.cuda.reset_peak_memory_stats()
        work()
        return torch.cuda.max_memory_reserved() / 1e6

    def loaded(self, load: Callable[[], T]) -> tuple[T, float | None, float | None]:
        """What was loaded; MB at most meanwhile, and afterwards."""
        made: list[T] = []
        most = self.peak(lambda: made.append(load()))
        return made[0], most, self.held()

    def held(self) -> float | None:
        """MB of the card that tensors take now; None on a CPU."""
        self.tidy()
        return torch.cuda.memory_allocated() / 1e6 if self.is_card else None

    def tidy(self) -> None:
        """Give back what nothing refers to."""
        gc.collect()
        if self.is_card:
            torch.cuda.empty_cache()

    def _settle(self) -> None:
        if self.is_card:
            torch.cuda.synchronize()


Measurement = Callable[[Path, Meter], dict[str, Any]]


def answer(*measurements: Measurement) -> None:
    """Print as JSON what the measurement finds that the command line names: NAME FOLDER DEVICE ROUNDS."""
    name, folder, device, rounds = sys.argv[1:]
    # fp32 is to mean fp32: newer cards would multiply in TF32, with 10 bits of each number.
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    if device != CARD:
        torch.set_num_threads(1)
    asked = next(each for each in measurements if each.__name__ == name)
    print(json.dumps(asked(Path(folder), Meter(device, int(rounds)))))

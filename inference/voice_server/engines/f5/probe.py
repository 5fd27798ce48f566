"""Which of several readings a network was trained with, told from how well it fills in what it cannot hear."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

MARGIN = 0.15
"""By how much the best has to be better than each other on average, as a share of the other's loss."""

Reading = TypeVar("Reading")


@dataclass(frozen=True, slots=True)
class Verdict(Generic[Reading]):
    """`best` is None for a tie; `losses` are averages."""

    best: Reading | None
    losses: Mapping[Reading, float]

    def __str__(self) -> str:
        return ", ".join(f"{reading} {loss:.4f}" for reading, loss in self.losses.items())


def settle(readings: Sequence[Reading], losses: Callable[[Reading], Sequence[float]]) -> Verdict[Reading]:
    """The reading whose losses are clearly the lowest: each time, and by MARGIN on average.

    `losses` gives a loss for each time at which the network is asked, the same for every reading. Losses that are no
    numbers decide nothing.
    """
    measured = {reading: tuple(losses(reading)) for reading in readings}
    averages = {reading: sum(each) / len(each) for reading, each in measured.items()}
    best = min(readings, key=lambda reading: averages[reading])
    clear = all(_is_clear(measured[best], measured[other]) for other in readings if other != best)
    return Verdict(best if clear else None, averages)


def _is_clear(better: Sequence[float], worse: Sequence[float]) -> bool:
    always = all(low < high for low, high in zip(better, worse, strict=True))
    return always and sum(better) < (1 - MARGIN) * sum(worse)

"""What to try, in order, when the memory does not suffice. Pure."""

import math
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Self

GROWTH = 1.05


class Rung(Enum):
    """Each costs the listeners more than the one before."""

    RELIEVE = auto()
    HALVE = auto()
    FASTER = auto()
    RELIEVE_AGAIN = auto()


def next_rung(tried: Rung | None, size: int, tier: int, last: int) -> Rung:
    """The rung after `tried` for a batch of `size` at `tier` of 0 to `last`; the last one for as long as it helps."""
    if tried is None:
        return Rung.RELIEVE
    if size > 1:
        return Rung.HALVE
    return Rung.FASTER if tier < last else Rung.RELIEVE_AGAIN


@dataclass(frozen=True, slots=True)
class Room:
    """The work that fits into one batch, as far as is known."""

    work: float = math.inf

    def without(self, work: float) -> Self:
        """What is known after a batch of so much work did not fit."""
        return replace(self, work=min(self.work, work / 2))

    def with_batch(self, work: float) -> Self:
        """What is known after it did: when it filled most of the room, a little more is worth a try."""
        return replace(self, work=self.work * GROWTH) if work > self.work / 2 else self

"""Who may stand in the line, and who goes next together. Pure."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

ALIKE = 2.0
"""The longest of a batch may be so many times the shortest: the short one is answered with the long one."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many may wait in `line`, how many seconds of `wait` may be foreseen for the last in it, and the `timeout`
    in seconds for one utterance, its waiting included. The engine has `warm_up` seconds to load and speak.
    """

    line: int
    wait: float
    timeout: float
    warm_up: float = 300.0


class FullError(Exception):
    """The line is full; `retry_after` seconds from now it is likely to have moved on."""

    def __init__(self, retry_after: float) -> None:
        super().__init__("the engine has as much work as it can finish in time; try again a little later")
        self.retry_after = retry_after


def admit(waiting: int, ahead: float, own: float, limits: Limits) -> None:
    """FullError when `waiting` others and the `ahead` seconds of their work leave no room for `own` seconds more.

    With nothing ahead everything is let in: only speaking can tell whether what was foreseen is true.
    """
    if waiting >= limits.line or ahead > limits.wait or 0 < ahead > limits.timeout - own:
        raise FullError(max(ahead - limits.wait / 2, own))


class Waiting(Protocol):
    @property
    def work(self) -> float: ...


W = TypeVar("W", bound=Waiting)


def next_batch(line: Sequence[W], tier_of: Callable[[W], int], most: int, room: float = math.inf) -> list[W]:
    """The oldest and, in order of age, up to `most` of its tier and about its length that fit into `room` with it.

    The oldest always goes: nobody is overtaken by more batches than there were people before him.
    """
    batch = [*line[:1]]
    if not batch:
        return batch
    tier, shortest, longest, total = tier_of(line[0]), line[0].work, line[0].work, line[0].work
    for each in line[1:]:
        if len(batch) == most:
            break
        short, long = min(shortest, each.work), max(longest, each.work)
        if tier_of(each) == tier and long <= ALIKE * short and total + each.work <= room:
            batch.append(each)
            shortest, longest, total = short, long, total + each.work
    return batch

"""What is worth keeping: the values used last, bounded in number, age and bytes. Pure: the time is passed in."""

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Bounds:
    """At most `entries` values of `size` bytes together, each until it was not used for `seconds`."""

    entries: int = 100
    seconds: float = 3600
    size: int = 400_000_000


@dataclass(slots=True)
class _Kept(Generic[V]):
    value: V
    size: int
    used: float


class Shelf(Generic[K, V]):
    """Values by key, the one used longest ago first to go."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._kept: OrderedDict[K, _Kept[V]] = OrderedDict()
        self.size = 0

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[K]:
        return iter(self._kept)

    def find(self, key: K, now: float) -> V | None:
        """The value, used now; None when there is none, or none any more."""
        self._expire(now)
        kept = self._kept.get(key)
        if kept is None:
            return None
        kept.used = now
        self._kept.move_to_end(key)
        return kept.value

    def keep(self, key: K, value: V, size: int, now: float) -> None:
        """Make room for the value of `size` bytes and keep it; one that is larger than the shelf is not kept."""
        self.drop(key)
        self._expire(now)
        if size > self._bounds.size:
            return
        while len(self) >= self._bounds.entries or self.size + size > self._bounds.size:
            self.drop(next(iter(self._kept)))
        self._kept[key] = _Kept(value, size, now)
        self.size += size

    def drop(self, key: K) -> bool:
        """Forget the value; whether there was one."""
        kept = self._kept.pop(key, None)
        if kept is None:
            return False
        self.size -= kept.size
        return True

    def _expire(self, now: float) -> None:
        while self._kept:
            oldest = next(iter(self._kept))
            if now - self._kept[oldest].used < self._bounds.seconds:
                return
            self.drop(oldest)

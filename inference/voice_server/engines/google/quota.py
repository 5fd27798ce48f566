"""A token bucket that stays below a quota a minute, whichever minute the service counts."""

from dataclasses import dataclass, replace
from typing import Self

MINUTE = 61.0
"""Sixty seconds, and one by which two requests may differ on their way to where they are counted."""
_NEXT_TO_NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Bucket:
    """One token a request: `tokens` were there at `at` seconds, which lies ahead while the bucket is shut.

    A tenth of the quota may leave at once. Of what follows only so much that a minute, beginning with that tenth,
    holds no more than the quota: (per_minute - burst + 1) tokens in 61 s.
    """

    per_minute: int
    tokens: float
    at: float

    @classmethod
    def full(cls, per_minute: int, now: float) -> Self:
        return cls(per_minute, float(_burst(per_minute)), now)

    @property
    def burst(self) -> int:
        return _burst(self.per_minute)

    def delay(self, now: float, requests: int = 1) -> float:
        """Seconds until the last of `requests` may leave; 0.0: all of them at once."""
        opens = max(0.0, self.at - now)
        missing = requests - self._tokens(now)
        return opens if missing <= _NEXT_TO_NOTHING else opens + missing / self._rate

    def taken(self, now: float) -> Self:
        """After one request left at `now`, when `delay` was 0.0."""
        return replace(self, tokens=max(0.0, self._tokens(now) - 1), at=now)

    def emptied(self, now: float, seconds: float) -> Self:
        """After the service refused a request: nothing is there, and nothing comes for `seconds`."""
        return replace(self, tokens=0.0, at=max(self.at, now + seconds))

    @property
    def _rate(self) -> float:
        return (self.per_minute - self.burst + 1) / MINUTE

    def _tokens(self, now: float) -> float:
        return min(float(self.burst), self.tokens + max(0.0, now - self.at) * self._rate)


def _burst(per_minute: int) -> int:
    return max(1, per_minute // 10)

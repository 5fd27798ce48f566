"""Stops asking a variant that only fails, and finds out by one request when it is well again.

Five failures inside 60 s with no success between them open it; after 30 s one request may probe, and its
success closes. In a row, because at 100 requests a second a good engine, too, fails five times a minute. An
engine that says its line is full is not failing: it is neither a failure nor a success.
"""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Self

FAILURES = 5
WINDOW = 60.0
REST = 30.0


class Pass(Enum):
    """What a request may do: go as any other, go as the probe, or stay away."""

    FREE = "free"
    PROBE = "probe"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Breaker:
    """One variant's record. Times are seconds of one monotonic clock, passed in."""

    failures: tuple[float, ...] = ()
    opened: float | None = None
    probing: float | None = None

    @property
    def is_open(self) -> bool:
        return self.opened is not None

    def has_failed_since(self, moment: float) -> bool:
        """A pod that dies takes its whole line along: all of it is one failure, the first to be noticed."""
        return any(at > moment for at in self.failures)

    def ask(self, now: float) -> tuple[Self, Pass]:
        """The leave to try the variant; a probe that never reports is given up after another 30 s."""
        if self.opened is None:
            return self, Pass.FREE
        rested_since = self.opened if self.probing is None else self.probing
        if now - rested_since < REST:
            return self, Pass.NONE
        return replace(self, probing=now), Pass.PROBE

    def succeeded(self, leave: Pass) -> Self:
        if leave is Pass.PROBE or not self.is_open:
            return type(self)()
        return self

    def failed(self, now: float, leave: Pass) -> Self:
        if leave is Pass.PROBE:
            return replace(self, opened=now, probing=None)
        if self.is_open:
            return self
        recent = (*(at for at in self.failures if now - at < WINDOW), now)
        return replace(self, failures=recent, opened=now if len(recent) >= FAILURES else None)

    def abandoned(self, leave: Pass) -> Self:
        """The request ended without saying anything about the variant: the next one may probe at once."""
        return replace(self, probing=None) if leave is Pass.PROBE else self

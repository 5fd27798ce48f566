"""How long work takes, learnt from what it took. Pure."""

from dataclasses import dataclass, replace
from typing import Self

REMEMBERED = 0.8
"""How much of what was known counts beside a new batch."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Seconds and the work done in them, older batches with less weight.

    A ratio of means and not a mean of ratios: a short text's fixed cost says little about a long one.
    """

    seconds: float
    work: float

    def with_batch(self, seconds: float, work: float) -> Self:
        return replace(self, seconds=REMEMBERED * self.seconds + seconds, work=REMEMBERED * self.work + work)


@dataclass(frozen=True, slots=True)
class Pace:
    """One rate a tier, None where nothing was spoken yet."""

    rates: tuple[Rate | None, ...]

    @classmethod
    def unknown(cls, tiers: int) -> Self:
        return cls((None,) * tiers)

    def seconds(self, work: float, tier: int) -> float:
        """What the work is expected to take; as on the nearest better tier where this one has not spoken yet, and
        0 where none has.
        """
        better = [rate for rate in self.rates[: tier + 1] if rate is not None]
        if not better:
            return 0.0
        return work * better[-1].seconds / better[-1].work

    def with_batch(self, tier: int, work: float, seconds: float) -> Self:
        """What is known after a batch: `work` was done at `tier` in `seconds`."""
        known = self.rates[tier] or Rate(0.0, 0.0)
        rates = list(self.rates)
        rates[tier] = known.with_batch(seconds, work)
        return replace(self, rates=tuple(rates))

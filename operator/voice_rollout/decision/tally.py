"""What the gateways counted themselves: a second source, for taking users back while Prometheus is slow or away."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from voice_rollout.api.names import CANDIDATE, STABLE

from .judge import Measured

REACH = timedelta(seconds=60)
"""Longer windows are Prometheus's business alone."""
SPACING = timedelta(seconds=2)


class Requests(NamedTuple):
    """Requests of one variant since its gateway started."""

    total: float
    failed: float


Counts = Mapping[tuple[str, str], Requests]
"""By rollout and variant."""
NONE = Requests(0.0, 0.0)


@dataclass(frozen=True)
class Sight:
    """What each gateway had counted at one moment; of a gateway that did not answer, what it had told before."""

    at: datetime
    by_pod: Mapping[str, Counts]


@dataclass(frozen=True)
class Tally:
    """The last minute of one namespace's gateways."""

    sights: tuple[Sight, ...] = ()

    def seen(self, at: datetime, by_pod: Mapping[str, Counts | None]) -> "Tally":
        """With what the gateways tell now; None for one that did not answer."""
        if self.sights and at - self.sights[-1].at < SPACING:
            return self
        before = self.sights[-1].by_pod if self.sights else {}
        known = {pod: counts if counts is not None else before.get(pod) for pod, counts in by_pod.items()}
        sight = Sight(at, {pod: counts for pod, counts in known.items() if counts is not None})
        oldest = at - REACH - SPACING
        return replace(self, sights=(*(one for one in self.sights if one.at >= oldest), sight))

    def error_rate(self, rollout: str, window: timedelta) -> Measured | None:
        """Failed requests in all requests of the window that ends with the last sight; None when it saw less."""
        inside = self._inside(window)
        if not inside:
            return None
        candidate, stable = (_increase(inside, (rollout, variant)) for variant in (CANDIDATE, STABLE))
        return Measured(
            at=inside[-1].at,
            window=inside[-1].at - inside[0].at,
            candidate=_ratio(candidate),
            stable=_ratio(stable),
            samples=candidate.total,
        )

    def _inside(self, window: timedelta) -> tuple[Sight, ...]:
        """From the last sight before the window began to the newest."""
        if not self.sights:
            return ()
        begin = self.sights[-1].at - window
        first = max((number for number, one in enumerate(self.sights) if one.at <= begin), default=None)
        return () if first is None else self.sights[first:]


def _increase(sights: tuple[Sight, ...], whose: tuple[str, str]) -> Requests:
    """As Prometheus's `increase` without its extrapolation: a counter that fell has started again from 0."""
    total = failed = 0.0
    for before, after in pairwise(sights):
        for pod in before.by_pod.keys() & after.by_pod.keys():
            old, new = (sight.by_pod[pod].get(whose, NONE) for sight in (before, after))
            base = old if new.total >= old.total else NONE
            total, failed = total + new.total - base.total, failed + max(0.0, new.failed - base.failed)
    return Requests(total, failed)


def _ratio(requests: Requests) -> float | None:
    return requests.failed / requests.total if requests.total else None

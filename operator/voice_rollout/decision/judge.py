"""One reading of one metric, judged: Good, Bad, Inconclusive or Error, always with the numbers."""

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from voice_rollout.api.spec import Analysis, Bound, Metric, RollbackBound
from voice_rollout.api.status import MetricStatus, VerdictKind

LARGEST = 2**53
"""Counts beyond are shown as this: the API server would refuse the whole status."""


@dataclass(frozen=True)
class Measured:
    """What was said of one metric of one rollout."""

    at: datetime
    window: timedelta
    """How far back the figure reaches."""
    candidate: float | None
    """None: no series."""
    stable: float | None = None
    samples: float | None = None
    """Requests in the window; None where the template counts none."""


@dataclass(frozen=True)
class Failed:
    """Prometheus gave no usable answer."""

    at: datetime
    reason: str


Reading = Measured | Failed


@dataclass(frozen=True)
class Verdict:
    """Judgement of one metric; `breach` means its rollback bound is broken right now."""

    metric: Metric
    kind: VerdictKind
    reason: str
    reading: Reading | None = None
    breach: bool = False

    @property
    def allows_promotion(self) -> bool:
        """A metric without a promote bound keeps nobody back, until its rollback bound is broken."""
        return self.kind is VerdictKind.GOOD or (self.metric.promote is None and not self.breach)

    def status(self) -> MetricStatus:
        """As shown in the resource's status."""
        seen = self.reading if isinstance(self.reading, Measured) else None
        return MetricStatus(
            name=self.metric.name,
            verdict=self.kind,
            reason=self.reason,
            candidate=_finite(seen.candidate) if seen else None,
            stable=_finite(seen.stable) if seen else None,
            samples=_count(seen.samples) if seen else None,
            at=self.reading.at if self.reading else None,
        )


@dataclass(frozen=True)
class Grounds:
    """What a reading is judged against."""

    analysis: Analysis
    phase: str
    evidence_from: datetime | None
    now: datetime

    @property
    def oldest(self) -> timedelta:
        """A reading older than this says nothing about now."""
        return 3 * self.analysis.interval + timedelta(seconds=5)


def judge(
    metric: Metric, reading: Reading | None, grounds: Grounds, counted: Measured | None = None
) -> Verdict:
    """No data, too little of it, NaN, Inf or an old answer is never Good and never Bad (rule R2).

    While Prometheus fails, what the gateways `counted` themselves may break the rollback bound; it promotes nobody.
    """
    verdict = _told(metric, reading, grounds)
    if verdict.kind is not VerdictKind.ERROR or counted is None:
        return verdict
    return _counted(metric, counted, grounds, verdict.reason) or verdict


def _counted(metric: Metric, counted: Measured, grounds: Grounds, trouble: str) -> Verdict | None:
    if counted.candidate is None or _doubt(counted, grounds):
        return None
    verdict = _against_bounds(metric, counted, counted.candidate, grounds.phase)
    reason = f"{verdict.reason} by the gateways' own counters ({trouble})"
    return replace(verdict, reason=reason) if verdict.breach else None


def _told(metric: Metric, reading: Reading | None, grounds: Grounds) -> Verdict:
    if reading is None:
        return Verdict(metric, VerdictKind.INCONCLUSIVE, "not measured yet")
    age = grounds.now - reading.at
    if age > grounds.oldest:
        return Verdict(
            metric, VerdictKind.ERROR, f"the last answer is {age.total_seconds():.0f} s old", reading
        )
    if isinstance(reading, Failed):
        return Verdict(metric, VerdictKind.ERROR, reading.reason, reading)
    doubt = _doubt(reading, grounds)
    if doubt or reading.candidate is None:
        return Verdict(metric, VerdictKind.INCONCLUSIVE, doubt or "no series", reading)
    return _against_bounds(metric, reading, reading.candidate, grounds.phase)


def _doubt(reading: Measured, grounds: Grounds) -> str:
    """Why a figure cannot be judged; empty when it can."""
    start = grounds.evidence_from
    if reading.candidate is None:
        return "no data for the candidate"
    if reading.samples is not None and not math.isfinite(reading.samples):
        return f"the number of requests is {reading.samples}"
    if reading.samples is not None and reading.samples < grounds.analysis.min_samples:
        window = reading.window.total_seconds()
        return f"{int(reading.samples)} of {grounds.analysis.min_samples} requests in {window:.0f} s"
    if not math.isfinite(reading.candidate):
        return f"the figure is {reading.candidate}"
    if start is not None and reading.at - reading.window < start:
        left = (start + reading.window - reading.at).total_seconds()
        return f"its window reaches back to before {start:%H:%M:%S}, for {left:.0f} s more"
    return ""


def _against_bounds(metric: Metric, reading: Measured, value: float, phase: str) -> Verdict:
    if metric.rollback and (limit := _broken(metric.rollback, value, _limit(metric.rollback))):
        reason = f"{value:.4g} breaks the rollback bound, {limit}"
        return Verdict(metric, VerdictKind.BAD, reason, reading, breach=True)
    if metric.promote and (limit := _broken(metric.promote, value, metric.promote.limit(phase))):
        return Verdict(metric, VerdictKind.BAD, f"{value:.4g} is not good enough, {limit}", reading)
    return Verdict(metric, VerdictKind.GOOD, f"{value:.4g}", reading)


def _limit(bound: RollbackBound) -> float:
    return bound.max if bound.max is not None else (bound.min or 0.0)


def _broken(bound: Bound | RollbackBound, value: float, limit: float) -> str:
    if bound.max is not None:
        return f"max {limit:g}" if value > limit else ""
    return f"min {limit:g}" if value < limit else ""


def _count(value: float | None) -> int | None:
    return min(int(value), LARGEST) if value is not None and math.isfinite(value) else None


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None

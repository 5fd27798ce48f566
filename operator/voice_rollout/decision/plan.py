"""The ladder that a spec describes, up to the declared point, and how to go up and down on it."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_CEILING, Decimal

from voice_rollout.api.names import DISABLED
from voice_rollout.api.spec import Advance, Level, Spec
from voice_rollout.api.status import Point
from voice_rollout.api.workload import Workload

OFF = Point()


@dataclass(frozen=True)
class Rung:
    """One share of one phase, cut to the declared percentage."""

    phase: str
    percentage: Decimal
    hold: timedelta
    number: int
    """Place inside its phase, from 1."""
    of: int
    """Rungs of its phase."""

    @property
    def point(self) -> Point:
        """The rung as a place for users to be."""
        return Point(phase=self.phase, percentage=self.percentage)


@dataclass(frozen=True)
class Plan:
    """Every rung up to the declared point; none when the rollout is declared disabled."""

    phases: tuple[str, ...]
    ceiling: Decimal
    rungs: tuple[Rung, ...]
    """Where the climb stops on its way up."""
    steps: tuple[Rung, ...]
    """Every step under the declared point: where a rollback may stop on its way down."""

    def after(self, point: Point) -> Rung | None:
        """The next rung up, or None at the declared point."""
        return next((rung for rung in self.rungs if self._height(rung.point) > self._height(point)), None)

    def at(self, point: Point) -> Rung | None:
        """The rung that a point stands on: the highest of its phase that is not above it."""
        same = [rung for rung in self.rungs if rung.phase == point.phase]
        below = [rung for rung in same if rung.percentage <= point.percentage]
        return below[-1] if below else (same[0] if same else None)

    def capped(self, point: Point) -> Point:
        """The point, or what is left of it under the declared one."""
        if point.is_off or not self.rungs:
            return OFF
        if point.phase not in self.phases:
            return Point(phase=self.phases[0], percentage=min(point.percentage, self.rungs[0].percentage))
        if self._height(point) > self._height(self.rungs[-1].point):
            return Point(
                phase=self.rungs[-1].phase, percentage=min(point.percentage, self.rungs[-1].percentage)
            )
        return Point(phase=point.phase, percentage=min(point.percentage, self.ceiling))

    def taken_back(self, point: Point, level: Level) -> Point:
        """Where a rollback of this level takes the users from a point; never to a larger share."""
        lower = (
            []
            if level is Level.DISABLE
            else [step for step in self.steps if self._is_below(step, point, level)]
        )
        if not lower:
            return OFF
        return Point(phase=lower[-1].phase, percentage=min(lower[-1].percentage, point.percentage))

    def _is_below(self, rung: Rung, point: Point, level: Level) -> bool:
        if level is Level.PREVIOUS_PHASE:
            return self._order(rung.phase) < self._order(point.phase)
        return self._height(rung.point) < self._height(point)

    def _order(self, phase: str) -> int:
        return self.phases.index(phase) if phase in self.phases else -1

    def _height(self, point: Point) -> tuple[int, Decimal]:
        return (self._order(point.phase), point.percentage)


def plan_of(spec: Spec) -> Plan:
    """The ladder of a spec: Automatic climbs every step, Manual goes straight to the declared point."""
    if spec.phase == DISABLED:
        return Plan(spec.phase_names, spec.percentage, (), ())
    declared = spec.phase_names.index(spec.phase)
    steps = tuple(rung for phase in spec.phases[: declared + 1] for rung in _cut(spec, phase.name))
    straight = (Rung(spec.phase, spec.percentage, timedelta(0), 1, 1),)
    rungs = straight if spec.advance is Advance.MANUAL else steps
    return Plan(spec.phase_names, spec.percentage, rungs, steps)


def _cut(spec: Spec, name: str) -> list[Rung]:
    """A phase's steps under the declared percentage: the first one above it is cut, the rest fall away."""
    phase = next(phase for phase in spec.phases if phase.name == name)
    below = [step for step in phase.steps if step.percentage < spec.percentage]
    kept = phase.steps[: len(below) + 1]
    return [
        Rung(name, min(step.percentage, spec.percentage), step.hold, number, len(kept))
        for number, step in enumerate(kept, 1)
    ]


def replicas_for(workload: Workload | None, point: Point) -> int:
    """Candidate pods for a share: its part of `replicas.max`, never under `min`; none when nobody is served."""
    if workload is None or point.is_off:
        return 0
    part = (workload.replicas.max * point.percentage / 100).to_integral_value(ROUND_CEILING)
    return max(workload.replicas.min, int(part))

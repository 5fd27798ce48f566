"""Where a rollout stands, in one true sentence with numbers."""

from datetime import datetime, timedelta
from decimal import Decimal

from voice_rollout.api.quantities import format_duration
from voice_rollout.api.status import Latch, Next, Point, RolloutState, VerdictKind, Wait

from .account import clock_may_run, is_stalled, is_switched, objections
from .model import Outlook, Situation
from .plan import Rung, replicas_for


def disabled(situation: Situation) -> Outlook:
    """Declared off."""
    switched = is_switched(situation)
    text = (
        "disabled: everybody is on stable" if switched else f"disabled: {_acks(situation)} switched to stable"
    )
    return Outlook(RolloutState.DISABLED, text)


def paused(situation: Situation) -> Outlook:
    """Held by a person; guards stay on."""
    text = f"{situation.point}: the climb is paused by spec.paused, guards are on"
    return Outlook(RolloutState.PAUSED, text, _next(situation, (Wait.PAUSE,)))


def blocked(situation: Situation) -> Outlook:
    """Something that only a person can mend."""
    return Outlook(RolloutState.INVALID, f"{situation.point}: {situation.seen.problem}", stalled=True)


def waiting_for_capacity(situation: Situation, target: Point) -> Outlook:
    """The next share waits for its pods."""
    stable, candidate = situation.seen.stable, situation.seen.candidate
    wanted = replicas_for(situation.rollout.spec.candidate.workload, target)
    parts = []
    if candidate is not None:
        parts.append(f"{candidate.ready} of {wanted} candidate pods ready")
    if stable is not None and not stable.ready:
        parts.append("no stable pod ready")
    text = f"{situation.point}: opening {target}: {', '.join(parts) or 'no pods needed'}"
    state = RolloutState.STARTING if situation.point.is_off else RolloutState.HOLDING
    return Outlook(state, text, _next_to(target, (Wait.CAPACITY,)), is_stalled(situation))


def waiting_for_stable(situation: Situation, reason: str) -> Outlook:
    """A rollback that would send users to nobody."""
    text = f"{situation.point}: rolling back as soon as a stable pod is ready: {reason}"
    return Outlook(RolloutState.ROLLING_BACK, text, stalled=True)


def rolled_back(situation: Situation, latch: Latch) -> Outlook:
    """Users are back, and stay there."""
    told = f"rolled back to {situation.point} at {latch.at:%H:%M:%S}Z ({latch.level}): {latch.reason}"
    if not is_switched(situation):
        return Outlook(RolloutState.ROLLING_BACK, f"{told}; {_acks(situation)} switched")
    return Outlook(RolloutState.ROLLED_BACK, f"{told}; change the spec to try again", stalled=True)


def complete(situation: Situation) -> Outlook:
    """The declared point is reached and its hold served."""
    return Outlook(RolloutState.COMPLETE, f"{situation.point}: the declared point is reached")


def holding(situation: Situation) -> Outlook:
    """At a step, until its hold is served."""
    rung = situation.rollout.plan.at(situation.point)
    waits = _waits(situation, rung)
    text = f"{situation.point}{_clock(situation, rung)}: {_why(situation, waits)}"
    return Outlook(
        RolloutState.HOLDING, text, _next(situation, waits, _due(situation, rung)), is_stalled(situation)
    )


def evidence(situation: Situation) -> str:
    """The figures that a move was decided upon."""
    return "; ".join(f"{verdict.metric.name} {verdict.reason}" for verdict in situation.verdicts)


def blindness(situation: Situation) -> str:
    """Why nothing could be judged."""
    limit = format_duration(situation.rollout.spec.analysis.stall_after)
    return f"no verdict for {limit}: {_undecided(situation)}"


def step_of(situation: Situation) -> str:
    """The step as people count it, `2/3`; empty when nobody is on the candidate."""
    rung = situation.rollout.plan.at(situation.point)
    return f"{rung.number}/{rung.of}" if rung else ""


def _waits(situation: Situation, rung: Rung | None) -> tuple[Wait, ...]:
    waits = []
    if objections(situation):
        waits.append(Wait.METRICS)
    if not is_switched(situation):
        waits.append(Wait.PROPAGATION)
    if rung and situation.progress.held_seconds < rung.hold.total_seconds():
        waits.append(Wait.HOLD)
    return tuple(waits)


def _why(situation: Situation, waits: tuple[Wait, ...]) -> str:
    if Wait.METRICS in waits:
        return _undecided(situation)
    if Wait.PROPAGATION in waits:
        return f"{_acks(situation)} acknowledged"
    count = len(situation.verdicts)
    good = sum(verdict.kind is VerdictKind.GOOD for verdict in situation.verdicts)
    return f"{good} of {count} metrics good" if count else "no metrics to judge"


def _undecided(situation: Situation) -> str:
    return "; ".join(f"{v.metric.name} {v.kind.lower()}: {v.reason}" for v in objections(situation))


def _clock(situation: Situation, rung: Rung | None) -> str:
    due = _due(situation, rung)
    if rung is None or due is None:
        served = timedelta(seconds=int(situation.progress.held_seconds))
        return f", hold stopped at {format_duration(served)} of {format_duration(rung.hold)}" if rung else ""
    return f" until {due:%H:%M:%S}Z"


def _due(situation: Situation, rung: Rung | None) -> datetime | None:
    """When the hold is served, if the clock runs on."""
    if rung is None or not clock_may_run(situation):
        return None
    left = rung.hold - timedelta(seconds=situation.progress.held_seconds)
    return situation.seen.now + max(left, timedelta(0))


def _next(situation: Situation, waits: tuple[Wait, ...], at: datetime | None = None) -> Next | None:
    step = situation.rollout.plan.after(situation.point)
    return _next_to(step.point, waits, at) if step else None


def _next_to(target: Point, waits: tuple[Wait, ...], at: datetime | None = None) -> Next:
    waiting = ", ".join(waits)
    when = f" at {at:%H:%M:%S}Z" if at else ""
    summary = f"{target}{when}" + (f" ({waiting})" if waiting else "")
    return Next(
        phase=target.phase, percentage=Decimal(target.percentage), at=at, waiting_for=waits, summary=summary
    )


def _acks(situation: Situation) -> str:
    gateways = situation.seen.gateways
    acked = gateways.acked if situation.seen.flag.serves(situation.point) else 0
    return f"{acked} of {gateways.pods} gateways"

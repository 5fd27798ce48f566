"""The rules, in order of precedence; the first one that applies decides. Rollback comes before every way up."""

from collections.abc import Callable
from datetime import timedelta

from voice_rollout.api.spec import Advance, Level
from voice_rollout.api.status import Latch, Point, RolloutState, Status

from . import outlook as say
from .account import account, clock_may_run, is_switched, latched, rolls_back_on_stall
from .judge import Verdict
from .model import Capacity, Decision, Outlook, Rollout, Seen, Situation
from .plan import replicas_for

Decided = tuple[Situation, Outlook]

_SEVERITY = (Level.REDUCE_PERCENTAGE, Level.PREVIOUS_PHASE, Level.DISABLE)


def decide(rollout: Rollout, status: Status, seen: Seen) -> Decision:
    """Choose the next move. Same inputs, same decision."""
    situation = account(Situation(rollout, status, seen))
    rules: tuple[Callable[[Situation], Decided | None], ...] = (
        _disabled,
        _breached,
        _held_back,
        _blocked,
        _paused,
        _opening,
    )
    decided = next((decided for rule in rules if (decided := rule(situation))), None) or _climbing(situation)
    after, outlook = decided
    return Decision(
        after,
        outlook,
        stable_replicas=_stable_replicas(after),
        candidate_replicas=_candidate_replicas(after),
        moves=tuple(entry for entry in after.status.history if entry not in status.history),
        clock_runs=clock_may_run(after),
        wake_after=_next_deadline(after),
    )


def _disabled(situation: Situation) -> Decided | None:
    if situation.rollout.plan.rungs:
        return None
    return situation.with_progress(latch=None, intent=None), say.disabled(situation)


def _breached(situation: Situation) -> Decided | None:
    """A breach that lasted long enough takes users back, as soon as stable can carry them."""
    if situation.point.is_off:
        return None
    due = [verdict for verdict in situation.verdicts if _breach_left(situation, verdict) == timedelta(0)]
    if not due and not rolls_back_on_stall(situation):
        return None
    level, reason = _gravest(due) if due else (Level.DISABLE, say.blindness(situation))
    level = _escalated(situation, level)
    if situation.seen.stable is not None and not situation.seen.stable.ready:
        return situation.with_progress(intent=None), say.waiting_for_stable(situation, reason)
    latch = Latch(level=level, reason=reason, at=situation.seen.now, spec_hash=situation.rollout.spec_hash)
    back = latched(situation, situation.rollout.plan.taken_back(situation.point, level), latch)
    return back, say.rolled_back(back, latch)


def _held_back(situation: Situation) -> Decided | None:
    """Rule R3: after a rollback users stay back until the spec changes."""
    latch = situation.progress.latch
    return (situation, say.rolled_back(situation, latch)) if latch else None


def _blocked(situation: Situation) -> Decided | None:
    if not situation.seen.problem:
        return None
    return situation.with_progress(intent=None), say.blocked(situation)


def _paused(situation: Situation) -> Decided | None:
    if not situation.rollout.spec.paused:
        return None
    return situation.with_progress(intent=None), say.paused(situation)


def _opening(situation: Situation) -> Decided | None:
    """Rule R5: the candidate is ready for a share before anybody is sent there; all was good until then (R1)."""
    intent = situation.progress.intent
    if intent is None:
        return None
    if not _may_leave(situation):
        return situation, say.holding(situation)
    if not _has_capacity(situation, intent):
        return situation, say.waiting_for_capacity(situation, intent)
    opened = situation.moved(intent, "step opened", say.evidence(situation))
    return opened, say.holding(opened)


def _climbing(situation: Situation) -> Decided:
    plan, point = situation.rollout.plan, situation.point
    rung, step = plan.at(point), plan.after(point)
    served = rung is None or situation.progress.held_seconds >= rung.hold.total_seconds()
    if step is None and served and _is_settled(situation):
        return situation, say.complete(situation)
    if step is None or not (served and _may_leave(situation)):
        return situation, say.holding(situation)
    intending = situation.with_progress(intent=step.point)
    return intending, say.waiting_for_capacity(intending, step.point)


def _may_leave(situation: Situation) -> bool:
    """Everybody has the flag and every metric is good; Manual asks only that no rollback bound is broken."""
    if situation.point.is_off:
        return True
    if situation.rollout.spec.advance is Advance.MANUAL:
        return is_switched(situation) and not situation.progress.breached_since
    return clock_may_run(situation)


def _is_settled(situation: Situation) -> bool:
    """Complete stays complete when a new gateway starts and has not read its flags yet."""
    return situation.status.state is RolloutState.COMPLETE or situation.seen.gateways.all_acked


def _breach_left(situation: Situation, verdict: Verdict) -> timedelta | None:
    """Time until a breach is due, zero when it is; None without one."""
    since = situation.progress.breached_since.get(verdict.metric.name)
    if not verdict.breach or since is None or verdict.metric.rollback is None:
        return None
    return max(timedelta(0), since + verdict.metric.rollback.for_ - situation.seen.now)


def _gravest(due: list[Verdict]) -> tuple[Level, str]:
    levels = [verdict.metric.rollback.level for verdict in due if verdict.metric.rollback]
    return max(levels, key=_SEVERITY.index), "; ".join(f"{v.metric.name} {v.reason}" for v in due)


def _escalated(situation: Situation, level: Level) -> Level:
    """Rollbacks that repeat inside the cooldown go further back."""
    policy, now = situation.rollout.spec.rollback, situation.seen.now
    recent = [at for at in situation.progress.rolled_back_at if now - at < policy.cooldown]
    further = _SEVERITY.index(level) + len(recent) // policy.escalate_after
    return _SEVERITY[min(further, len(_SEVERITY) - 1)]


def _has_capacity(situation: Situation, point: Point) -> bool:
    stable, candidate = situation.seen.stable, situation.seen.candidate
    if stable is not None and not stable.ready:
        return False
    return candidate is None or _carries(
        candidate, replicas_for(situation.rollout.spec.candidate.workload, point)
    )


def _carries(capacity: Capacity, wanted: int) -> bool:
    return capacity.rolled_out and capacity.applied >= wanted and capacity.ready >= wanted


def _stable_replicas(situation: Situation) -> int | None:
    """Stable is always sized for everybody: a rollback takes a second, a new model pod minutes."""
    workload = situation.rollout.spec.stable.workload
    return workload.replicas.max if workload else None


def _candidate_replicas(situation: Situation) -> int | None:
    """Enough for where users are and for where they go next; nothing shrinks before every gateway has switched."""
    workload = situation.rollout.spec.candidate.workload
    if workload is None:
        return None
    intent = situation.progress.intent
    needed = max(replicas_for(workload, point) for point in (situation.point, intent) if point)
    candidate, flag = situation.seen.candidate, situation.seen.flag
    switched = is_switched(situation) and flag.latch == situation.progress.latch
    return needed if switched or candidate is None else max(needed, candidate.applied)


def _next_deadline(situation: Situation) -> timedelta | None:
    left = [_hold_left(situation), _stall_left(situation)]
    left += [_breach_left(situation, verdict) for verdict in situation.verdicts]
    return min((one for one in left if one is not None and one > timedelta(0)), default=None)


def _hold_left(situation: Situation) -> timedelta | None:
    """Until the hold is served; looked at in between, for time in which nobody looked is not counted."""
    rung = situation.rollout.plan.at(situation.point)
    if rung is None or not clock_may_run(situation):
        return None
    left = rung.hold - timedelta(seconds=situation.progress.held_seconds)
    return min(left, situation.rollout.spec.analysis.interval)


def _stall_left(situation: Situation) -> timedelta | None:
    since, policy = situation.progress.blind_since, situation.rollout.spec.analysis
    return since + policy.stall_after - situation.seen.now if since else None

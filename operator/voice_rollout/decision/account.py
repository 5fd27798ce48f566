"""Bookkeeping before a decision: what earlier moments, crashes and edits mean for this one."""

from dataclasses import replace
from datetime import datetime, timedelta

from voice_rollout.api.spec import OnNoData
from voice_rollout.api.status import Latch, Point, VerdictKind

from .judge import Grounds, Measured, Verdict, judge
from .model import Situation
from .plan import OFF


def account(situation: Situation) -> Situation:
    """Bring the books up to date; the users stay where they are, but for moves that already happened."""
    for step in (
        _adopt,
        _notice_changes,
        _lower,
        _keep_to_plan,
        _judge_all,
        _note_breaches,
        _note_blindness,
        _run_clock,
    ):
        situation = step(situation)
    return situation


def _adopt(situation: Situation) -> Situation:
    """A flag document that was committed just before a crash says where users are, not the older status."""
    flag, status = situation.seen.flag, situation.status
    if flag.point is None or flag.generation <= status.flag.generation:
        return situation
    known = situation.with_status(flag=status.flag.model_copy(update={"generation": flag.generation}))
    if not status.progress.spec_hash:
        return _taken_over(known, flag.point)
    if flag.point == status.progress.intent:
        return known.moved(flag.point, "step opened")
    if flag.latch and flag.latch != status.progress.latch:
        return latched(known, flag.point, flag.latch).with_progress(spec_hash=flag.latch.spec_hash)
    return situation


def _taken_over(situation: Situation, point: Point) -> Situation:
    """A resource made anew, or restored without its status, goes on where its users are."""
    latch = situation.seen.flag.latch
    moved = situation.moved(point, "taken over from the flag document") if point != OFF else situation
    return moved.with_progress(latch=latch, spec_hash=latch.spec_hash if latch else "")


def latched(situation: Situation, to: Point, latch: Latch) -> Situation:
    """The situation after a rollback: users back, the rollback remembered, evidence from here on only."""
    now, cooldown = situation.seen.now, situation.rollout.spec.rollback.cooldown
    recent = [at for at in situation.progress.rolled_back_at if now - at < cooldown]
    moved = situation.moved(to, f"rolled back ({latch.level})", latch.reason)
    return moved.with_status(rollbacks=situation.status.rollbacks + 1).with_progress(
        latch=latch, rolled_back_at=(*recent, now), evidence_from=now, breached_since={}
    )


def _notice_changes(situation: Situation) -> Situation:
    """A changed plan unlatches; a changed candidate has to prove itself anew."""
    rollout, progress, now = situation.rollout, situation.progress, situation.seen.now
    situation = situation.with_status(observed_generation=rollout.generation).with_progress(
        epoch=max(progress.epoch, situation.seen.epoch), salt=progress.salt or rollout.salt
    )
    if progress.spec_hash != rollout.spec_hash:
        situation = situation.with_progress(
            spec_hash=rollout.spec_hash, latch=None, intent=None, breached_since={}, blind_since=None
        )
    if progress.candidate_hash != rollout.candidate_hash:
        since = now if progress.candidate_hash else None
        situation = situation.with_progress(
            candidate_hash=rollout.candidate_hash, held_seconds=0.0, evidence_from=since
        )
    return _move_evidence(situation)


def _move_evidence(situation: Situation) -> Situation:
    """Evidence starts when the switch back, or the new pods, are everywhere; old evidence is forgotten."""
    start, now = situation.progress.evidence_from, situation.seen.now
    if start is None:
        return situation
    candidate = situation.seen.candidate
    switching = situation.progress.latch is not None and not situation.seen.gateways.all_acked
    replacing = candidate is not None and not candidate.rolled_out
    if switching or replacing:
        return situation.with_progress(evidence_from=now)
    windows = [r.window for r in situation.seen.readings.values() if isinstance(r, Measured)]
    oldest = Grounds(situation.rollout.spec.analysis, "", None, now).oldest
    if windows and now - start > max(windows) + oldest:
        return situation.with_progress(evidence_from=None)
    return situation


def _lower(situation: Situation) -> Situation:
    """Lowering the declared point takes effect at once, whatever else is going on."""
    allowed = situation.rollout.plan.capped(situation.point)
    return (
        situation
        if allowed == situation.point
        else situation.moved(allowed, "the declared point was lowered")
    )


def _keep_to_plan(situation: Situation) -> Situation:
    """Only the next step can be about to be opened."""
    step, intent = situation.rollout.plan.after(situation.point), situation.progress.intent
    planned = step is not None and intent == step.point
    return situation if intent is None or planned else situation.with_progress(intent=None)


def _judge_all(situation: Situation) -> Situation:
    if situation.point.is_off:
        return situation
    analysis = situation.rollout.spec.analysis
    grounds = Grounds(analysis, situation.point.phase, situation.progress.evidence_from, situation.seen.now)
    readings, counted = situation.seen.readings, situation.seen.counted
    verdicts = tuple(
        judge(metric, readings.get(metric.name), grounds, counted.get(metric.name))
        for metric in analysis.metrics
    )
    return replace(situation, verdicts=verdicts)


def _note_breaches(situation: Situation) -> Situation:
    """A breach counts from when it was first seen, across restarts, until a verdict says it ended.

    A moment without data neither ends a breach nor lets it come due: only a fresh breach takes users back.
    """
    before, now = situation.progress.breached_since, situation.seen.now
    since: dict[str, datetime] = {}
    for verdict in situation.verdicts:
        name = verdict.metric.name
        if verdict.breach:
            since[name] = before.get(name, now)
        elif name in before and _undecided(verdict):
            since[name] = before[name]
    return situation if since == before else situation.with_progress(breached_since=since)


def _note_blindness(situation: Situation) -> Situation:
    blind = any(_undecided(verdict) and _is_awaited(situation, verdict) for verdict in situation.verdicts)
    since = (situation.progress.blind_since or situation.seen.now) if blind else None
    return (
        situation if since == situation.progress.blind_since else situation.with_progress(blind_since=since)
    )


def _undecided(verdict: Verdict) -> bool:
    return not verdict.breach and verdict.kind in {VerdictKind.INCONCLUSIVE, VerdictKind.ERROR}


def _is_awaited(situation: Situation, verdict: Verdict) -> bool:
    """The climb waits for this metric's word: it must be good, or it was bad when last heard of."""
    return verdict.metric.promote is not None or verdict.metric.name in situation.progress.breached_since


def objections(situation: Situation) -> tuple[Verdict, ...]:
    """The verdicts that keep users from going up; a breach counts until a verdict says that it ended."""
    return tuple(
        verdict
        for verdict in situation.verdicts
        if not verdict.allows_promotion or verdict.metric.name in situation.progress.breached_since
    )


def is_switched(situation: Situation) -> bool:
    """The flag says where users are, and every gateway has it."""
    return situation.seen.flag.serves(situation.point) and situation.seen.gateways.all_acked


def clock_may_run(situation: Situation) -> bool:
    """Rule R1 and R6: only time counts in which everything was good and everybody had the flag."""
    return (
        not situation.point.is_off
        and is_switched(situation)
        and not situation.rollout.spec.paused
        and situation.progress.latch is None
        and not objections(situation)
    )


def _run_clock(situation: Situation) -> Situation:
    """Add the time since the clock was last seen running; a gap in which nobody looked is not counted."""
    good_at, now = situation.seen.good_at, situation.seen.now
    if good_at is None or not clock_may_run(situation):
        return situation
    served = now - good_at
    if served > 2 * situation.rollout.spec.analysis.interval + timedelta(seconds=5):
        return situation
    return situation.with_progress(held_seconds=situation.progress.held_seconds + served.total_seconds())


def is_stalled(situation: Situation) -> bool:
    """No verdict was possible for `stallAfter`."""
    since = situation.progress.blind_since
    return since is not None and situation.seen.now - since >= situation.rollout.spec.analysis.stall_after


def rolls_back_on_stall(situation: Situation) -> bool:
    """The policy says that a candidate nobody can judge must go."""
    return is_stalled(situation) and situation.rollout.spec.analysis.on_no_data is OnNoData.ROLLBACK

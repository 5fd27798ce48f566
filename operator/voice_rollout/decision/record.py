"""A decision as the resource's status, and whether it is worth a write."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from voice_rollout.api.status import (
    Condition,
    FlagStatus,
    Pods,
    RolloutState,
    Status,
    VerdictKind,
    Workloads,
)

from .judge import Verdict
from .model import Capacity, Decision, Seen
from .outlook import step_of

CHECKPOINT = timedelta(minutes=5)
"""Served hold time is saved this often: what a restart may cost."""
REFRESH = timedelta(seconds=60)
"""A sentence whose numbers changed is written this often; what it says in words, at once."""
_NUMBER = re.compile(r"\d+(\.\d+)?(e[-+]?\d+)?")
_IN_MOTION = frozenset({RolloutState.HOLDING, RolloutState.STARTING, RolloutState.ROLLING_BACK})


def status_of(decision: Decision, propagation: float | None) -> Status:
    """The status that says what was decided."""
    situation, outlook = decision.situation, decision.outlook
    seen, before = situation.seen, situation.status
    status = before.model_copy(
        update={
            "state": outlook.state,
            "step": step_of(situation),
            "message": outlook.message,
            "next": outlook.next,
            "flag": _flag(decision, propagation),
            "metrics": tuple(verdict.status() for verdict in situation.verdicts),
            "workloads": Workloads(
                stable=_pods(seen.stable, decision.stable_replicas),
                candidate=_pods(seen.candidate, decision.candidate_replicas),
            ),
        }
    )
    conditions = _conditions(decision, status)
    generation = situation.rollout.generation
    return status.model_copy(
        update={"conditions": _timed(conditions, before.conditions, seen.now, generation)}
    )


def _flag(decision: Decision, propagation: float | None) -> FlagStatus:
    seen, known = decision.situation.seen, decision.situation.status.flag
    current = seen.flag.serves(decision.point)
    return FlagStatus(
        generation=max(seen.flag.generation if current else 0, known.generation),
        acked_pods=seen.gateways.acked if current else 0,
        pods=seen.gateways.pods,
        propagation_seconds=propagation if propagation is not None else known.propagation_seconds,
    )


def _pods(capacity: Capacity | None, wanted: int | None) -> Pods | None:
    return None if capacity is None or wanted is None else Pods(ready=capacity.ready, wanted=wanted)


_TRUE = "True"
_FALSE = "False"
_UNKNOWN = "Unknown"


def _conditions(decision: Decision, status: Status) -> list[tuple[str, str, str, str]]:
    """Type, status, reason, message of each condition."""
    outlook, seen = decision.outlook, decision.situation.seen
    ready = outlook.state in {RolloutState.COMPLETE, RolloutState.DISABLED} and seen.flag.serves(
        decision.point
    )
    moving = outlook.state in _IN_MOTION and not outlook.stalled
    health = _health(decision.situation.verdicts)
    return [
        ("Ready", _bool(ready), outlook.state, outlook.message),
        ("Reconciling", _bool(moving), outlook.state, outlook.message if moving else ""),
        ("Stalled", _bool(outlook.stalled), outlook.state, outlook.message if outlook.stalled else ""),
        ("CapacityReady", *_capacity(status.workloads)),
        ("FlagsPropagated", *_propagation(decision, seen)),
        ("MetricsHealthy", *health),
    ]


def _bool(value: bool) -> str:  # noqa: FBT001 - its one meaning
    return _TRUE if value else _FALSE


def _capacity(workloads: Workloads) -> tuple[str, str, str]:
    short = [
        f"{pods.ready} of {pods.wanted} {side} pods ready"
        for side, pods in (("stable", workloads.stable), ("candidate", workloads.candidate))
        if pods and pods.ready < pods.wanted
    ]
    return (_FALSE, "WaitingForPods", ", ".join(short)) if short else (_TRUE, "PodsReady", "")


def _propagation(decision: Decision, seen: Seen) -> tuple[str, str, str]:
    gateways = seen.gateways
    if seen.flag.serves(decision.point) and gateways.all_acked:
        return _TRUE, "AllGateways" if gateways.pods else "NoGateways", ""
    return _FALSE, "Switching", f"{gateways.acked} of {gateways.pods} gateways"


def _health(verdicts: tuple[Verdict, ...]) -> tuple[str, str, str]:
    """A guard that has seen nothing yet worries nobody: it has no promote bound, so nothing waits for its word."""
    if bad := _named(verdicts, VerdictKind.BAD):
        return _FALSE, "Bad", bad
    if failed := _named(verdicts, VerdictKind.ERROR):
        return _UNKNOWN, "Error", failed
    if blind := _named([v for v in verdicts if not v.allows_promotion], VerdictKind.INCONCLUSIVE):
        return _UNKNOWN, "NoData", blind
    return (_TRUE, "Good", "") if verdicts else (_UNKNOWN, "NotJudged", "")


def _named(verdicts: Iterable[Verdict], kind: VerdictKind) -> str:
    return ", ".join(verdict.metric.name for verdict in verdicts if verdict.kind is kind)


def _timed(
    wanted: Iterable[tuple[str, str, str, str]], before: Iterable[Condition], now: datetime, generation: int
) -> tuple[Condition, ...]:
    """Conditions keep their time while their status stays."""
    since = {(condition.type, condition.status): condition.last_transition_time for condition in before}
    return tuple(
        Condition(
            type=kind,
            status=status,
            reason=reason,
            message=message,
            last_transition_time=since.get((kind, status), now),
            observed_generation=generation,
        )
        for kind, status, reason, message in wanted
    )


def worth_writing(written: Status, wanted: Status, age: timedelta) -> bool:
    """Rule R9: a steady rollout writes nothing. `age` is the time since the last write."""
    if _essence(written) != _essence(wanted):
        return True
    if wanted.state not in _IN_MOTION:
        return written.message != wanted.message
    return (
        age >= REFRESH and written.message != wanted.message and not _same_but_for_seconds(written, wanted)
    ) or (age >= CHECKPOINT and written.progress.held_seconds != wanted.progress.held_seconds)


def _essence(status: Status) -> object:
    """What must be known at once: everything but measured figures, served time and the numbers in sentences."""
    progress = status.progress.model_copy(update={"held_seconds": 0.0, "evidence_from": None})
    upcoming = (status.next.phase, status.next.percentage, status.next.waiting_for) if status.next else None
    return (
        (status.observed_generation, status.state, status.point, status.step, upcoming, status.rollbacks),
        (status.flag, status.workloads, status.history, progress),
        [(metric.name, metric.verdict) for metric in status.metrics],
        [(condition.type, condition.status, condition.reason) for condition in status.conditions],
        _NUMBER.sub("#", status.message),
    )


def _same_but_for_seconds(one: Status, other: Status) -> bool:
    """The end of a hold is computed anew each time and may differ by a rounding."""
    if one.next is None or other.next is None or one.next.at is None or other.next.at is None:
        return False
    return abs(one.next.at - other.next.at) < timedelta(seconds=2)

"""The core's steps, each from a rollout and what is seen of it to what a test wants to know."""

from typing import Any

from support.rollouts import NOW, Manifest, a_look, a_reading, a_status, seconds
from voice_rollout.api.spec import Level
from voice_rollout.api.status import Latch, Point, Progress, Status
from voice_rollout.decision.account import account
from voice_rollout.decision.decide import decide
from voice_rollout.decision.judge import Reading
from voice_rollout.decision.model import Decision, Rollout, Seen, Situation
from voice_rollout.decision.record import status_of
from voice_rollout.resources.rollout import read_status


def readings(**figures: float | None) -> dict[str, Reading]:
    """Every metric good but for these; `error_rate=0.9` is the metric error-rate."""
    good: dict[str, Reading] = {name: a_reading() for name in ("error-rate", "p99", "vram-oom")}
    return good | {name.replace("_", "-"): a_reading(figure) for name, figure in figures.items()}


def a_latch(rollout: Rollout) -> Latch:
    """A rollback of a moment ago that holds until this rollout's spec changes."""
    at_that_moment = NOW - seconds(5)
    return Latch(level=Level.DISABLE, reason="error-rate 0.2", at=at_that_moment, spec_hash=rollout.spec_hash)


def decided(rollout: Rollout, point: Point, known: Manifest | None = None, **seen: Any) -> Decision:
    """What is decided for users at `point`; `known` is the progress as written before."""
    return decide(rollout, a_status(rollout, point, **(known or {})), a_look(point, **seen))


def opened(decision: Decision) -> Point | None:
    """The point whose opening was recorded."""
    return decision.situation.progress.intent


def booked(rollout: Rollout, point: Point, known: Manifest | None = None, **seen: Any) -> Progress:
    """The books after a look at users at `point`."""
    status = a_status(rollout, point, **(known or {}))
    return account(Situation(rollout, status, a_look(point, **seen))).progress


def recorded(rollout: Rollout, point: Point, known: Manifest | None = None, **seen: Any) -> Status:
    """The status that follows from a look at users at `point`, as it reads back."""
    return one_look(rollout, a_status(rollout, point, **(known or {})), a_look(point, **seen))


def one_look(rollout: Rollout, status: Status, seen: Seen) -> Status:
    """The status that follows from a status and a look, as it reads back."""
    return read_status({"status": status_of(decide(rollout, status, seen), None).to_dict()})


def conditions(status: Status) -> dict[str, tuple[str, str]]:
    """Status and reason of each condition."""
    return {condition.type: (condition.status, condition.reason) for condition in status.conditions}

"""Rollouts and what is seen of them, as a test wants them: sound, with only the named things different."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from voice_rollout.api.names import API_VERSION, KIND
from voice_rollout.api.status import FlagStatus, Point, Progress, RolloutState, Status
from voice_rollout.decision.judge import Measured
from voice_rollout.decision.model import Capacity, FlagSeen, Gateways, Rollout, Seen, Situation
from voice_rollout.resources.rollout import read_rollout

Manifest = dict[str, Any]

NOW = datetime(2026, 11, 20, 14, tzinfo=UTC)
OFF = Point()
GENERATION = 12

ERROR_RATE: Manifest = {
    "name": "error-rate",
    "template": "error-rate",
    "promote": {"max": 0.02, "byPhase": {"beta": 0.015, "ga": 0.01}},
    "rollback": {"max": 0.05, "for": "30s", "level": "Disable"},
}
P99: Manifest = {
    "name": "p99",
    "template": "latency-p99",
    "promote": {"max": 12},
    "rollback": {"max": 20, "for": "30s", "level": "ReducePercentage"},
}
VRAM_OOM: Manifest = {
    "name": "vram-oom",
    "template": "vram-oom-per-hour",
    "rollback": {"max": 10, "level": "PreviousPhase"},
}


def at(phase: str, percentage: float | str) -> Point:
    """A place for users to be."""
    return Point(phase=phase, percentage=Decimal(str(percentage)))


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def a_phase(name: str, *percentages: float, hold: str = "60s") -> Manifest:
    return {"name": name, "steps": [{"percentage": each, "hold": hold} for each in percentages]}


def a_spec(**changes: Any) -> Manifest:
    """Alpha, beta and ga up to everybody, judged by two metrics; `changes` replace whole fields."""
    sound: Manifest = {
        "phase": "ga",
        "percentage": 100,
        "flag": {"name": "f5tts_engine"},
        "stable": {"name": "xtts", "workload": {"engine": "espeak", "replicas": {"min": 1, "max": 2}}},
        "candidate": {"name": "f5-tts", "workload": {"engine": "espeak", "replicas": {"min": 1, "max": 4}}},
        "phases": [a_phase("alpha", 10), a_phase("beta", 10, 25, 50), a_phase("ga", 50, 75, 100)],
        "analysis": {"metrics": [ERROR_RATE, P99]},
    }
    return sound | changes


def a_resource(name: str = "f5-tts", namespace: str = "voice", **changes: Any) -> Manifest:
    """A VoiceRollout as the API server would hand it out; `changes` replace fields of its spec."""
    metadata = {"name": name, "namespace": namespace, "uid": f"uid-of-{name}", "generation": 7}
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": a_spec(**changes)}


def a_rollout(**changes: Any) -> Rollout:
    """A VoiceRollout as the operator reads it."""
    return read_rollout(a_resource(**changes), Status())


def a_status(rollout: Rollout, point: Point, **progress: Any) -> Status:
    """As written while users are at `point` and everything is in order."""
    known = {
        "spec_hash": rollout.spec_hash,
        "candidate_hash": rollout.candidate_hash,
        "salt": rollout.salt,
    }
    return Status(
        observed_generation=rollout.generation,
        state=RolloutState.DISABLED if point.is_off else RolloutState.HOLDING,
        phase=point.phase,
        percentage=point.percentage,
        flag=FlagStatus(generation=GENERATION),
        progress=Progress(**known | progress),
    )


def a_reading(candidate: float | None = 0.001, **changes: Any) -> Measured:
    """A figure that is good for every metric here, of now, from enough requests."""
    sound = Measured(at=NOW, window=seconds(30), candidate=candidate, stable=0.002, samples=500.0)
    return replace(sound, **changes)


def a_look(point: Point, **changes: Any) -> Seen:
    """Two gateways serve the point, every pod is ready, and no metric has anything against it."""
    now = changes.get("now", NOW)
    sound = Seen(
        now=now,
        epoch=3,
        stable=Capacity(ready=2, applied=2),
        candidate=Capacity(ready=4, applied=4),
        flag=FlagSeen(GENERATION, point, intact=True, epoch=3),
        gateways=Gateways(pods=2, acked=2),
        readings={name: a_reading(at=now) for name in ("error-rate", "p99", "vram-oom")},
    )
    return replace(sound, **changes)


def a_situation(rollout: Rollout, point: Point, **changes: Any) -> Situation:
    """Users at a point and everything in order; `changes` go to what is seen."""
    return Situation(rollout, a_status(rollout, point), a_look(point, **changes))

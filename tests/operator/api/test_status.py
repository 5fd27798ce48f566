"""What the operator writes is what the API server keeps: an undeclared field would be dropped without a word."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from support.kube import ROLLOUTS, Kube
from support.rollouts import (
    GENERATION,
    NOW,
    OFF,
    a_look,
    a_reading,
    a_resource,
    a_rollout,
    a_status,
    at,
    seconds,
)
from voice_rollout.api.spec import Level
from voice_rollout.api.status import Latch, Point, Status
from voice_rollout.decision.decide import decide
from voice_rollout.decision.judge import Failed
from voice_rollout.decision.model import Capacity, FlagSeen, Gateways, Rollout, Seen
from voice_rollout.decision.record import status_of
from voice_rollout.resources.rollout import read_status

pytestmark = pytest.mark.cluster

BETA_25 = at("beta", 25)
LATCH = Latch(level=Level.DISABLE, reason="error-rate 0,2: zu groß", at=NOW, spec_hash="abc")
BAD: dict[str, Any] = {
    "error-rate": a_reading(0.9, stable=float("nan")),
    "p99": Failed(NOW, "cannot be reached"),
}


def told(rollout: Rollout, point: Point, known: dict[str, Any] | None = None, **seen: Any) -> Status:
    return one_look(rollout, a_status(rollout, point, **(known or {})), a_look(point, **seen))


def one_look(rollout: Rollout, status: Status, seen: Seen) -> Status:
    return status_of(decide(rollout, status, seen), 0.31)


def a_long_life() -> Status:
    """More moves than the history keeps, each with its evidence."""
    rollout = a_rollout(percentage=99.999)
    status = a_status(rollout, OFF)
    for number in range(1, 26):
        point, now = at("ga", f"{number}.125"), NOW + timedelta(minutes=number)
        flag = FlagSeen(GENERATION + number, point, LATCH, intact=True)
        status = one_look(rollout, status, a_look(point, flag=flag, now=now, readings=BAD, epoch=number))
    return status


SITUATIONS: dict[str, Status] = {
    "new": one_look(a_rollout(), Status(), a_look(OFF, flag=FlagSeen(), candidate=Capacity())),
    "disabled": told(a_rollout(phase="disabled"), OFF),
    "starting": told(a_rollout(), OFF, {"intent": at("alpha", 10)}, candidate=Capacity(0, 1)),
    "holding": told(a_rollout(), BETA_25, {"held_seconds": 20.123456}, good_at=NOW - seconds(1)),
    "in breach": told(a_rollout(), BETA_25, readings=BAD),
    "rolling back": told(
        a_rollout(),
        BETA_25,
        {"breached_since": {"error-rate": NOW - seconds(60)}},
        readings=BAD,
        stable=Capacity(),
    ),
    "rolled back": told(
        a_rollout(), BETA_25, {"breached_since": {"error-rate": NOW - seconds(60)}}, readings=BAD
    ),
    "latched": told(a_rollout(), OFF, {"latch": LATCH}, gateways=Gateways(3, 1)),
    "blind": told(a_rollout(), BETA_25, {"blind_since": NOW - timedelta(hours=1)}, readings={}),
    "paused": told(a_rollout(paused=True), BETA_25),
    "invalid": told(
        a_rollout(), BETA_25, problem='key "A" of ConfigMap voice-flags belongs to somebody else'
    ),
    "complete": told(a_rollout(phase="beta"), at("beta", 50), {"held_seconds": 60.0}),
    "manual": told(a_rollout(advance="Manual", percentage=33.333), BETA_25),
    "flag only": told(
        a_rollout(stable={"name": "xtts"}, candidate={"name": "f5-tts"}), BETA_25, stable=None, candidate=None
    ),
    "figures beyond all use": told(
        a_rollout(),
        BETA_25,
        readings={"error-rate": a_reading(1e300, stable=-5e-324, samples=1e300), "p99": a_reading(0.0)},
    ),
    "with flat keys": told(a_rollout(), BETA_25, {"legacy_keys": ("A", "B"), "rolled_back_at": (NOW, NOW)}),
    "a long life": a_long_life(),
}


@pytest.mark.parametrize("situation", SITUATIONS)
async def test_every_status_is_kept_as_it_was_written(kube: Kube, namespace: str, situation: str) -> None:
    place, body = ROLLOUTS.format(namespace), a_resource()
    live = await kube.create(place, body | {"metadata": {"name": "f5-tts"}})
    status = SITUATIONS[situation]
    stored = await kube.replace(f"{place}/f5-tts/status", live | {"status": status.to_dict()})

    assert stored["status"] == status.to_dict()
    assert read_status(stored) == status


def test_between_them_the_situations_say_everything_that_a_status_can() -> None:
    said = {path for status in SITUATIONS.values() for path in _said(status)}

    assert _sayable(Status) - said == set()


def _said(part: BaseModel) -> set[str]:
    """Model and field, for every field in it that has something to say."""
    found: set[str] = set()
    for name in type(part).model_fields:
        value = getattr(part, name)
        if value not in (None, "", 0, (), {}):
            found.add(f"{type(part).__name__}.{name}")
        for each in value if isinstance(value, tuple) else (value,):
            found |= _said(each) if isinstance(each, BaseModel) else set()
    return found


def _sayable(model: type[BaseModel]) -> set[str]:
    found: set[str] = set()
    for name, field in model.model_fields.items():
        found.add(f"{model.__name__}.{name}")
        for part in _parts(field.annotation):
            found |= _sayable(part)
    return found


def _parts(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [part for each in getattr(annotation, "__args__", ()) for part in _parts(each)]

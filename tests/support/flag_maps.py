"""The flag ConfigMap of rollout f5-tts as it is in the cluster."""

from support.rollouts import NOW, Manifest, a_rollout, at
from voice_rollout.api.spec import Level
from voice_rollout.api.status import Latch, Point
from voice_rollout.decision.model import Rollout
from voice_rollout.resources.flag import People, config_map, document, field_manager

BETA_25 = at("beta", 25)
KEYS = {
    "enabled": "FEATURE_F5TTS_ENABLED",
    "phase": "FEATURE_F5TTS_PHASE",
    "percentage": "FEATURE_F5TTS_PERCENTAGE",
}
PEOPLE = People(frozenset({"qa-1"}), frozenset({"banned-1"}))
LATCH = Latch(level=Level.DISABLE, reason="error-rate 0.2", at=NOW, spec_hash="abc")


def with_keys(**keys: str) -> Rollout:
    """A rollout that writes flat keys: all three, or those named."""
    return a_rollout(flag={"name": "f5tts_engine", "legacyKeys": keys or KEYS})


def written(
    rollout: Rollout, point: Point = BETA_25, latch: Latch | None = None, people: People = PEOPLE
) -> Manifest:
    """The ConfigMap as it is after one write."""
    body = config_map(rollout, document(rollout, people, point, 12, 3), latch)
    owned = {
        "manager": field_manager(rollout),
        "fieldsV1": {"f:data": {f"f:{key}": {} for key in body["data"]}},
    }
    return body | {"metadata": body["metadata"] | {"managedFields": [owned]}}


def changed(live: Manifest, **data: str) -> Manifest:
    """The ConfigMap after somebody wrote to it."""
    return live | {"data": live["data"] | data}

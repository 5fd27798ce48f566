"""A VoiceRollout as read from the API server, with the hashes that tell its versions apart."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from voice_rollout.api.spec import Spec, parse_spec
from voice_rollout.api.status import Status
from voice_rollout.decision.model import Rollout
from voice_rollout.decision.plan import plan_of


class UnreadableError(ValueError):
    """A resource that the API server let through but this version cannot read."""


def read_rollout(live: Mapping[str, Any], status: Status) -> Rollout:
    """The resource; raises UnreadableError naming the field."""
    meta = live["metadata"]
    try:
        spec = parse_spec(live["spec"])
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UnreadableError(f"spec.{where}: {first['msg']}") from error
    default_salt = f"{meta['namespace']}/{meta['name']}/1"
    return Rollout(
        namespace=meta["namespace"],
        name=meta["name"],
        uid=meta["uid"],
        generation=meta["generation"],
        spec=spec,
        plan=plan_of(spec),
        spec_hash=_hash(spec, exclude={"paused"}),
        candidate_hash=_hash(spec.candidate, exclude={"workload": {"replicas"}}),
        salt=status.progress.salt or spec.flag.salt or default_salt,
    )


def read_status(live: Mapping[str, Any]) -> Status:
    """The status as last written; one that cannot be read counts as lost, and users stay where the flag has them."""
    try:
        return Status.model_validate(live.get("status") or {})
    except ValidationError:
        return Status()


def _hash(part: BaseModel, exclude: set[str] | dict[str, set[str]]) -> str:
    """Stable across versions that add fields: what is not said is not hashed."""
    said = part.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude=exclude)
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def problem_of(spec: Spec, known_templates: frozenset[str]) -> str:
    """What in a spec can never work on this platform; empty when nothing."""
    unknown = sorted({m.template for m in spec.analysis.metrics} - known_templates)
    if not unknown:
        return ""
    choice = ", ".join(sorted(known_templates))
    return f"metric template {', '.join(unknown)} is not in the catalogue: write one of {choice}"

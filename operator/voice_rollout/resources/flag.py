"""The flag ConfigMap: one document a rollout beside its legacy keys, and who owns what in it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from voice_flags import Document, DocumentError, Endpoint
from voice_rollout.api.names import CANDIDATE, DISABLED, GROUP, MANAGER, STABLE, flag_key, workload_name
from voice_rollout.api.spec import LegacyKeys
from voice_rollout.api.status import Latch, Point
from voice_rollout.api.workload import Variant
from voice_rollout.decision.model import FlagSeen, Rollout

MAX_BYTES = 900_000
"""Of one audience: the ConfigMap's own limit is 1 MiB, for all documents together."""
_LEADER = f"{GROUP}/leader"
MAX_ID = 256
"""Characters of a user's id."""


@dataclass(frozen=True)
class People:
    """The audience with its long lists read in."""

    allow: frozenset[str] = frozenset()
    deny: frozenset[str] = frozenset()


def unfit(people: People) -> str:
    """Why an audience cannot be written into a flag document; empty when it can."""
    longest = max((len(user) for user in people.allow | people.deny), default=0)
    if longest > MAX_ID:
        return f"the audience has an id of {longest} characters: write one id a line, {MAX_ID} characters at most"
    size = sum(
        len(json.dumps(user, ensure_ascii=False).encode()) + 1 for user in (*people.allow, *people.deny)
    )
    if size > MAX_BYTES:
        return f"the audience takes {size} bytes and a ConfigMap holds {MAX_BYTES}: name fewer users"
    return ""


def field_manager(rollout: Rollout) -> str:
    """Each rollout owns its own keys of the shared ConfigMap."""
    return f"{MANAGER}.{rollout.name}"


def document(rollout: Rollout, people: People, point: Point, generation: int, epoch: int) -> Document:
    """What readers decide by when users are at this point."""
    return Document(
        rollout=rollout.name,
        flag=rollout.spec.flag.name,
        generation=generation,
        epoch=epoch,
        on=not point.is_off,
        phase=point.phase,
        percentage=point.percentage,
        salt=rollout.salt,
        stable=_endpoint(rollout, STABLE, rollout.spec.stable),
        candidate=_endpoint(rollout, CANDIDATE, rollout.spec.candidate),
        allow=people.allow,
        deny=people.deny,
        requires=tuple(rollout.spec.flag.requires),
    )


def _endpoint(rollout: Rollout, side: str, variant: Variant) -> Endpoint:
    if variant.service:
        host, port = variant.service.name, variant.service.port
    elif variant.workload:
        host, port = workload_name(rollout.name, side), variant.workload.port
    else:
        return Endpoint(variant.name)
    return Endpoint(variant.name, f"http://{host}.{rollout.namespace}.svc:{port}")


def entries(rollout: Rollout, wanted: Document) -> dict[str, str]:
    """Every key of the ConfigMap that this rollout writes."""
    legacy = rollout.spec.flag.legacy_keys
    flat = {
        legacy.enabled: "true" if wanted.on else "false",
        legacy.phase: wanted.phase if wanted.on else DISABLED,
        legacy.percentage: f"{wanted.percentage:f}",
    }
    return {flag_key(rollout.name): wanted.to_json()} | {key: text for key, text in flat.items() if key}


def config_map(rollout: Rollout, wanted: Document, latch: Latch | None) -> dict[str, Any]:
    """The whole of what this rollout applies, in one write; a rollback is committed with its reason."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": rollout.spec.flag.config_map,
            "namespace": rollout.namespace,
            "annotations": {_latch_key(rollout): _latch_text(latch)},
        },
        "data": entries(rollout, wanted),
    }


@dataclass(frozen=True)
class Mark:
    """Whose the flags are: one leadership."""

    epoch: int = 0
    leader: str = ""

    def __str__(self) -> str:
        return f"{self.epoch} {self.leader}"


def marked(rollout: Rollout, mark: Mark) -> dict[str, Any]:
    """What a new leader applies before it decides: what an earlier one may still send meets a changed ConfigMap."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": rollout.spec.flag.config_map,
            "namespace": rollout.namespace,
            "annotations": {_LEADER: str(mark)},
        },
    }


def mark_of(live: Mapping[str, Any] | None) -> Mark:
    """The last leadership that took hold of the ConfigMap."""
    epoch, _, leader = _annotations(live).get(_LEADER, "").partition(" ")
    return Mark(int(epoch), leader) if epoch.isdecimal() else Mark()


def _latch_key(rollout: Rollout) -> str:
    return f"{GROUP}/{rollout.name}.rollback"


def _latch_text(latch: Latch | None) -> str:
    return latch.model_dump_json(by_alias=True) if latch else ""


def look(rollout: Rollout, people: People, live: Mapping[str, Any] | None) -> FlagSeen:
    """The flag as it is in the cluster, and whether it is exactly ours."""
    text = _data(live).get(flag_key(rollout.name), "")
    try:
        found = Document.parse(text)
    except DocumentError:
        return FlagSeen()
    if found.rollout != rollout.name or found.salt != rollout.salt:
        return FlagSeen(generation=found.generation)
    point = Point(phase=found.phase, percentage=found.percentage) if found.on else Point()
    latch = _latch(rollout, live)
    wanted = config_map(rollout, document(rollout, people, point, found.generation, found.epoch), latch)
    return FlagSeen(found.generation, point, latch, intact=_holds(live, wanted), epoch=found.epoch)


def people_of(rollout: Rollout, live: Mapping[str, Any] | None) -> People:
    """The audience that is served now: what stays in force while a list cannot be read."""
    try:
        found = Document.parse(_data(live).get(flag_key(rollout.name), ""))
    except DocumentError:
        return People(frozenset(rollout.spec.audience.allow), frozenset(rollout.spec.audience.deny))
    return People(found.allow, found.deny)


def _data(live: Mapping[str, Any] | None) -> Mapping[str, str]:
    return (live or {}).get("data") or {}


def _annotations(live: Mapping[str, Any] | None) -> Mapping[str, str]:
    return ((live or {}).get("metadata") or {}).get("annotations") or {}


def _latch(rollout: Rollout, live: Mapping[str, Any] | None) -> Latch | None:
    text = _annotations(live).get(_latch_key(rollout), "")
    try:
        return Latch.model_validate_json(text) if text else None
    except ValueError:
        return None


def _holds(live: Mapping[str, Any] | None, wanted: Mapping[str, Any]) -> bool:
    data, annotations = _data(live), _annotations(live)
    return all(data.get(key) == text for key, text in wanted["data"].items()) and all(
        annotations.get(key) == text for key, text in wanted["metadata"]["annotations"].items()
    )


@dataclass(frozen=True)
class Conflict:
    """What of the ConfigMap belongs to somebody else."""

    problem: str = ""
    """For people; empty when there is none."""
    foreign: frozenset[str] = frozenset()
    """Flat keys that must be left alone."""
    forbids: bool = False
    """Nothing at all can be written."""


def conflict(rollout: Rollout, live: Mapping[str, Any] | None, written: frozenset[str]) -> Conflict:
    """Whose keys, or whose flag, this rollout would take. A foreign key never keeps users from being taken back."""
    if live is None:
        return Conflict()
    where = f"ConfigMap {rollout.spec.flag.config_map}"
    if live.get("immutable"):
        told = f"{where} is immutable: delete it, or name another one in spec.flag.configMap"
        return Conflict(told, forbids=True)
    if clash := _name_clash(rollout, live, where):
        return Conflict(clash, forbids=flag_key(rollout.name) not in _data(live))
    owned = written | _owned(rollout, live)
    foreign = [k for k in rollout.spec.flag.legacy_keys.names() if k in _data(live) and k not in owned]
    if not foreign:
        return Conflict()
    keys = ", ".join(foreign)
    told = f"key {keys} of {where} belongs to somebody else: remove it there, or choose another legacy key"
    return Conflict(told, frozenset(foreign))


def leaving(rollout: Rollout, foreign: frozenset[str]) -> Rollout:
    """The rollout without the flat keys that are somebody else's."""
    if not foreign:
        return rollout
    keys = rollout.spec.flag.legacy_keys
    ours = {name: key for name, key in keys.model_dump().items() if key not in foreign}
    flag = rollout.spec.flag.model_copy(update={"legacy_keys": LegacyKeys(**ours)})
    return replace(rollout, spec=rollout.spec.model_copy(update={"flag": flag}))


def _owned(rollout: Rollout, live: Mapping[str, Any]) -> frozenset[str]:
    """Keys that the API server says are ours."""
    ours = [
        m for m in live["metadata"].get("managedFields", []) if m.get("manager") == field_manager(rollout)
    ]
    fields = [field for m in ours for field in m.get("fieldsV1", {}).get("f:data", {})]
    return frozenset(field.removeprefix("f:") for field in fields)


def _name_clash(rollout: Rollout, live: Mapping[str, Any], where: str) -> str:
    for key, text in _data(live).items():
        if (
            key.endswith(".flag.json")
            and key != flag_key(rollout.name)
            and _flag_in(text) == rollout.spec.flag.name
        ):
            other = key.removesuffix(".flag.json")
            return f"flag {rollout.spec.flag.name} of {where} is already {other}'s: choose another spec.flag.name"
    return ""


def _flag_in(text: str) -> str:
    try:
        found = json.loads(text)
    except ValueError:
        return ""
    return str(found.get("flag", "")) if isinstance(found, dict) else ""

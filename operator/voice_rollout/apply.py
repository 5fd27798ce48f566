"""Writes for one rollout: the flag, the workloads, the status; each behind the lease and a precondition."""

import hashlib
import json
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from voice_rollout.api.names import CANDIDATE, STABLE
from voice_rollout.api.status import Latch, Point, Status
from voice_rollout.clients.cluster import ApiError, Cluster
from voice_rollout.decision.model import Decision, Rollout
from voice_rollout.resources import flag as flags
from voice_rollout.resources.workload import EngineImages, is_ours, objects

Object = dict[str, Any]
Key = tuple[str, str]
"""Kind and name."""


class Leadership(Protocol):
    """The right to write."""

    @property
    def epoch(self) -> int:
        """The fencing number of this leadership."""

    @property
    def identity(self) -> str:
        """Whose leadership it is."""

    def outranked(self, epoch: int) -> None:
        """Another's epoch was met that is not below ours: raise, and lead with a larger one, if at all."""

    def check(self) -> None:
        """Raise unless it is still held."""


@dataclass
class Applied:
    """What this process applied last, by kind and name: the wanted object's hash and the live one's version then."""

    versions: dict[Key, tuple[str, str]] = field(default_factory=dict)


class Writer:
    """Writes what was decided."""

    def __init__(self, cluster: Cluster, lease: Leadership, images: EngineImages) -> None:
        self._cluster, self._lease, self._images = cluster, lease, images

    async def fence(self, rollout: Rollout, live: Object | None) -> Object:
        """The flag's ConfigMap, made or marked by this leadership: rule R8."""
        ours, found = flags.Mark(self._lease.epoch, self._lease.identity), flags.mark_of(live)
        if live is not None and found == ours:
            return live
        if found.epoch >= ours.epoch:
            self._lease.outranked(found.epoch)
        body = flags.marked(rollout, ours)
        self._lease.check()
        if live is None:
            return await self._cluster.create(body)
        body["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"]
        return await self._cluster.apply(body)

    async def flag(
        self,
        rollout: Rollout,
        people: flags.People,
        point: Point,
        latch: Latch | None,
        generation: int,
        live: Object,
    ) -> Object:
        """Commit the flag document, if the ConfigMap is still the one that was read."""
        wanted = flags.document(rollout, people, point, generation, self._lease.epoch)
        body = flags.config_map(rollout, wanted, latch)
        body["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"]
        self._lease.check()
        return await self._cluster.apply(body, flags.field_manager(rollout))

    async def workloads(
        self, rollout: Rollout, decision: Decision, applied: Applied, known: MutableMapping[Key, Object]
    ) -> str:
        """Bring both variants' objects to what was decided; says what stands in the way, if something does.

        `known` are the objects of ours as this look found them; it is kept up to date.
        """
        wanted = {STABLE: decision.stable_replicas, CANDIDATE: decision.candidate_replicas}
        for side, replicas in wanted.items():
            workload = rollout.spec.variant(side).workload
            if workload is None or replicas is None:
                continue
            if problem := self._images.lacks(workload):
                return problem
            for body in objects(rollout, side, workload, replicas, self._images):
                if problem := await self._object(rollout, body, applied, known):
                    return problem
        return ""

    async def _object(
        self, rollout: Rollout, body: Object, applied: Applied, known: MutableMapping[Key, Object]
    ) -> str:
        kind, meta = body["kind"], body["metadata"]
        key, wanted = (kind, meta["name"]), _hash(body)
        live = known.get(key) or await self._cluster.get(kind, meta["namespace"], meta["name"])
        if live is not None and not is_ours(live, rollout):
            return f"{kind} {meta['name']} exists and is not ours: delete it, or rename this VoiceRollout"
        if live is not None and applied.versions.get(key) == (wanted, _version(live)):
            return ""
        if live is not None:
            body["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"]
        self._lease.check()
        try:
            known[key] = await self._cluster.apply(body)
        except ApiError as error:
            if error.is_conflict or error.is_passing:
                raise
            return f"{kind} {meta['name']} is refused: {error.message}"
        applied.versions[key] = (wanted, _version(known[key]))
        return ""

    async def status(self, live: Object, status: Status) -> Object:
        """Write the status, if the resource is still the one that was read."""
        self._lease.check()
        return await self._cluster.write_status(live, status.to_dict())


def _hash(body: Object) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _version(live: Object) -> str:
    """Changes when somebody changes what was asked for, not when the object's status does."""
    meta = live["metadata"]
    return f"{meta['uid']}/{meta.get('generation') or meta['resourceVersion']}"

"""An API server in memory: versions, preconditions and server-side apply as the operator meets them, and faults."""

from collections.abc import Callable
from typing import Any

from voice_rollout.clients.cluster import ApiError

Object = dict[str, Any]
Key = tuple[str, str]


class Crash(Exception):  # noqa: N818 - it is what happens to the operator, not something it could handle
    """The operator's process is gone."""


class MemoryCluster:
    """One namespace. `fault` is asked before and after each write and may raise; `watch` sees every write."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._version = 0
        self.objects: dict[Key, Object] = {}
        self.writes: list[str] = []
        self.fault: Callable[[str, str], None] = lambda _when, _what: None
        self.watch: Callable[[Object | None, Object], None] = lambda _before, _after: None

    def put(self, body: Object) -> Object:
        """Store an object as somebody else would."""
        self._version += 1
        metadata = {"namespace": self._namespace, **body["metadata"], "resourceVersion": str(self._version)}
        stored: Object = {**body, "metadata": metadata}
        self.objects[stored["kind"], metadata["name"]] = stored
        return stored

    async def get(self, kind: str, _namespace: str, name: str) -> Object | None:
        return self.objects.get((kind, name))

    async def every(self, kind: str, _namespace: str, _labels: str = "") -> list[Object]:
        return [found for (a_kind, _), found in self.objects.items() if a_kind == kind]

    async def list_managed(self, kind: str, namespace: str) -> list[Object]:
        return await self.every(kind, namespace)

    async def create(self, body: Object) -> Object:
        if (body["kind"], body["metadata"]["name"]) in self.objects:
            raise ApiError(409, "AlreadyExists", f"{body['metadata']['name']} exists")
        return self._write(body["kind"], None, _merged(None, body, ""))

    async def apply(self, body: Object, manager: str = "") -> Object:
        name = body["metadata"]["name"]
        before = self.objects.get((body["kind"], name))
        expected = body["metadata"].get("resourceVersion")
        if expected is not None and (before is None or before["metadata"]["resourceVersion"] != expected):
            raise ApiError(409, "Conflict", f"{name} was changed")
        return self._write(body["kind"], before, _merged(before, body, manager))

    async def write_status(self, rollout: Object, status: Object) -> Object:
        before = self.objects["VoiceRollout", rollout["metadata"]["name"]]
        if before["metadata"]["resourceVersion"] != rollout["metadata"]["resourceVersion"]:
            raise ApiError(409, "Conflict", "the rollout was changed")
        return self._write("status", before, {**before, "status": status})

    def _write(self, what: str, before: Object | None, after: Object) -> Object:
        self.fault("before", what)
        self.writes.append(what)
        stored = self.put(after)
        self.watch(before, stored)
        self.fault("after", what)
        return stored


def _merged(before: Object | None, body: Object, manager: str) -> Object:
    if before is None:
        metadata = {**body["metadata"], "uid": "made", "generation": 1}
        return {**body, "metadata": metadata}
    meta = before["metadata"]
    if body["kind"] == "ConfigMap":
        annotations = {**meta.get("annotations", {}), **body["metadata"].get("annotations", {})}
        data = body.get("data", {})
        owned = {"manager": manager, "fieldsV1": {"f:data": {f"f:{key}": {} for key in data}}}
        metadata = {**meta, "annotations": annotations, "managedFields": [owned]}
        return {**before, "metadata": metadata, "data": {**before.get("data", {}), **data}}
    changed = before["spec"] != body["spec"]
    metadata = {**meta, **body["metadata"], "generation": meta["generation"] + changed}
    return {**before, "metadata": metadata, "spec": body["spec"]}

"""The API server: fresh reads, and writes that carry a precondition."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Self

import aiohttp
from kubernetes.aio import client, config

from voice_rollout.api.names import API_VERSION, GROUP, MANAGED_BY_LABEL, MANAGER, PLURAL, VERSION

Object = dict[str, Any]

REQUEST_SECONDS = 8.0
_APPLY = "application/apply-patch+yaml"
_ROLLOUTS = f"/apis/{GROUP}/{VERSION}"
_PATHS = {
    "ConfigMap": ("/api/v1", "configmaps"),
    "Deployment": ("/apis/apps/v1", "deployments"),
    "Event": ("/apis/events.k8s.io/v1", "events"),
    "Lease": ("/apis/coordination.k8s.io/v1", "leases"),
    "Pod": ("/api/v1", "pods"),
    "PodDisruptionBudget": ("/apis/policy/v1", "poddisruptionbudgets"),
    "Service": ("/api/v1", "services"),
    "VoiceRollout": (_ROLLOUTS, PLURAL),
}


class ApiError(Exception):
    """The API server refused, or could not be asked (status 0)."""

    def __init__(self, status: int, reason: str, message: str, patience: float = 0.0) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason
        self.message = message
        self.patience = patience
        """Seconds for which it asks to be left alone."""

    @property
    def is_conflict(self) -> bool:
        """Somebody else wrote first: read again and decide again."""
        return self.status == HTTPStatus.CONFLICT

    @property
    def is_passing(self) -> bool:
        """Trouble of the API server's own, not with what was asked of it."""
        return (
            self.status in {0, HTTPStatus.TOO_MANY_REQUESTS}
            or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        )


class Cluster:
    """One connection to the API server."""

    def __init__(self, api: client.ApiClient) -> None:
        self._api = api

    @classmethod
    async def connect(cls) -> Self:
        """From inside a pod, or with KUBECONFIG from outside."""
        settings = client.Configuration()
        try:
            config.load_incluster_config(settings)
        except config.ConfigException:
            await config.load_kube_config(client_configuration=settings)
        return cls(client.ApiClient(settings))

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()

    async def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """One object as it is now, or None."""
        try:
            return await self._ask("GET", _path(kind, namespace, name))
        except ApiError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    async def every(self, kind: str, namespace: str, labels: str = "") -> list[Object]:
        """Every object of a kind in a namespace as they are now."""
        query = {"labelSelector": labels} if labels else {}
        answer = await self._ask("GET", _path(kind, namespace), query=query)
        items: list[Object] = answer["items"]
        return items

    async def list_managed(self, kind: str, namespace: str) -> list[Object]:
        """Every object that the operator made."""
        return await self.every(kind, namespace, f"{MANAGED_BY_LABEL}={MANAGER}")

    async def apply(self, body: Object, manager: str = MANAGER) -> Object:
        """Server-side apply. With `metadata.resourceVersion` in the body it fails where that has changed."""
        meta = body["metadata"]
        path = _path(body["kind"], meta["namespace"], meta["name"])
        return await self._ask("PATCH", path, body, {"fieldManager": manager, "force": "true"}, _APPLY)

    async def create(self, body: Object) -> Object:
        """Create; a conflict where it exists."""
        return await self._ask("POST", _path(body["kind"], body["metadata"]["namespace"]), body)

    async def replace(self, body: Object, subresource: str = "") -> Object:
        """Replace the object as it was read: a conflict where it has changed since."""
        meta = body["metadata"]
        return await self._ask(
            "PUT", _path(body["kind"], meta["namespace"], meta["name"]) + subresource, body
        )

    async def write_status(self, rollout: Object, status: Object) -> Object:
        """Replace a VoiceRollout's status, if the resource is still the one that was read."""
        body = {"apiVersion": API_VERSION, "kind": "VoiceRollout", "metadata": rollout["metadata"]}
        return await self.replace({**body, "spec": rollout["spec"], "status": status}, "/status")

    async def _ask(
        self,
        method: str,
        path: str,
        body: Object | None = None,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Object:
        request = await self._api.param_serialize(
            method,
            path,
            query_params=list((query or {}).items()),
            header_params={"Accept": "application/json", "Content-Type": content_type},
            body=body,
            auth_settings=["BearerToken"],
        )
        try:
            answer = await self._api.call_api(*request, _request_timeout=REQUEST_SECONDS)
            text = await answer.read()
        except (aiohttp.ClientError, OSError, TimeoutError, client.ApiException) as error:
            raise ApiError(0, "Unreachable", str(error) or type(error).__name__) from error
        return _parsed(answer.status, text, _seconds(answer.headers.get("Retry-After", "")))


def _path(kind: str, namespace: str, name: str = "") -> str:
    group, plural = _PATHS[kind]
    return f"{group}/namespaces/{namespace}/{plural}" + (f"/{name}" if name else "")


def _seconds(retry_after: str) -> float:
    return float(retry_after) if retry_after.isdecimal() else 0.0


def _parsed(status: int, text: bytes, patience: float) -> Object:
    try:
        answer = json.loads(text)
    except ValueError as error:
        raise ApiError(status, "BadAnswer", f"not JSON: {text[:80]!r}", patience) from error
    if not isinstance(answer, dict) or status >= HTTPStatus.BAD_REQUEST:
        told = answer if isinstance(answer, dict) else {}
        reason, message = str(told.get("reason", "")), str(told.get("message", ""))[:500]
        raise ApiError(status, reason, message, patience)
    return answer

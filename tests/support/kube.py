"""The API server as a test reads and edits it: plain paths, plain JSON, every right."""

import json
import ssl
from collections.abc import AsyncGenerator
from typing import Any

import aiohttp

from cluster.control_plane import ControlPlane

Object = dict[str, Any]

BUDGETS = "/apis/policy/v1/namespaces/{}/poddisruptionbudgets"
CONFIG_MAPS = "/api/v1/namespaces/{}/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/{}/deployments"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/{}/leases"
NAMESPACES = "/api/v1/namespaces"
PODS = "/api/v1/namespaces/{}/pods"
ROLLOUTS = "/apis/voicerollout.dev/v1alpha1/namespaces/{}/voicerollouts"
SERVICES = "/api/v1/namespaces/{}/services"


class RefusedError(Exception):
    """The API server said no."""

    def __init__(self, status: int, answer: Object) -> None:
        super().__init__(f"{status}: {answer.get('message')}")
        self.status = status


def administrator(server: ControlPlane) -> ssl.SSLContext:
    """The administrator's certificate, and trust in the server's."""
    authority = server.authority
    context = ssl.create_default_context(cafile=str(authority.crt("ca")))
    context.load_cert_chain(authority.crt("admin"), authority.key("admin"))
    return context


class Kube:
    """Straight to the API server, past every fault that a test puts in the operator's way."""

    def __init__(self, server: ControlPlane) -> None:
        connector = aiohttp.TCPConnector(ssl=administrator(server), limit=0)
        self._session = aiohttp.ClientSession(server.endpoints.api_url, connector=connector)

    async def close(self) -> None:
        await self._session.close()

    async def get(self, path: str) -> Object:
        return await self._ask("GET", path)

    async def create(self, path: str, body: Object) -> Object:
        return await self._ask("POST", path, body)

    async def replace(self, path: str, body: Object) -> Object:
        return await self._ask("PUT", path, body)

    async def merge(self, path: str, change: Object) -> Object:
        """What `kubectl patch --type merge` does."""
        return await self._ask("PATCH", path, change, "application/merge-patch+json")

    async def delete(self, path: str) -> Object:
        return await self._ask("DELETE", path)

    async def find(self, path: str) -> Object | None:
        """The object, or None."""
        try:
            return await self.get(path)
        except RefusedError as refused:
            if refused.status == 404:
                return None
            raise

    async def watch(self, path: str, version: str = "") -> AsyncGenerator[tuple[str, Object]]:
        """Every change of a collection from here on, or from a version on; ends when the server ends it."""
        sign = "&" if "?" in path else "?"
        where = f"{path}{sign}watch=true&resourceVersion={version}"
        timeout = aiohttp.ClientTimeout(total=None)
        async with self._session.get(where, timeout=timeout, read_bufsize=1 << 22) as stream:
            if stream.status != 200:
                raise RefusedError(stream.status, {"message": await stream.text()})
            async for line in stream.content:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    raise RefusedError(event["object"]["code"], event["object"])
                yield event["type"], event["object"]

    async def _ask(
        self, method: str, path: str, body: Object | None = None, content_type: str = "application/json"
    ) -> Object:
        data = json.dumps(body) if body is not None else None
        headers = {"Content-Type": content_type}
        async with self._session.request(method, path, data=data, headers=headers) as answer:
            told: Object = await answer.json()
        if answer.status >= 400:
            raise RefusedError(answer.status, told)
        return told

"""What a Deployment controller and kubelets would do, as far as an operator can see: Deployments become ready."""

import asyncio
from contextlib import suppress

import aiohttp

from support.kube import DEPLOYMENTS, Kube, Object, RefusedError

EVERYWHERE = "/apis/apps/v1/deployments"


class PodsStandIn:
    """Sets the status of every Deployment of the API server as if its pods ran, up to `limits`."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube
        self._limits: dict[tuple[str, str], int] = {}

    async def limit(self, namespace: str, name: str, pods: int | None) -> None:
        """No more than this many pods of a Deployment become ready; None: all of them."""
        self._limits.pop((namespace, name), None)
        if pods is not None:
            self._limits[namespace, name] = pods
        if live := await self._kube.find(f"{DEPLOYMENTS.format(namespace)}/{name}"):
            await self._update(live)

    async def run(self) -> None:
        """Until cancelled; an API server that is away is waited for."""
        while True:
            with suppress(aiohttp.ClientError, TimeoutError, RefusedError, ConnectionError):
                listed = await self._kube.get(EVERYWHERE)
                for live in listed["items"]:
                    await self._update(live)
                async for kind, live in self._kube.watch(EVERYWHERE, listed["metadata"]["resourceVersion"]):
                    if kind in {"ADDED", "MODIFIED"}:
                        await self._update(live)
            await asyncio.sleep(0.1)

    async def _update(self, live: Object) -> None:
        meta, wanted = live["metadata"], live["spec"]["replicas"]
        ready = min(wanted, self._limits.get((meta["namespace"], meta["name"]), wanted))
        status = {
            "observedGeneration": meta["generation"],
            "replicas": wanted,
            "updatedReplicas": wanted,
            "readyReplicas": ready,
            "availableReplicas": ready,
        }
        if status.items() <= live.get("status", {}).items():
            return
        with suppress(RefusedError):
            where = f"{DEPLOYMENTS.format(meta['namespace'])}/{meta['name']}/status"
            await self._kube.merge(where, {"status": status})

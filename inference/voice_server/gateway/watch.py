"""Flags from the ConfigMap itself, through the API server: a switch takes milliseconds."""

import asyncio
import contextlib
import json
import logging
import os
import random
from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus
from typing import Any

import aiohttp
from kubernetes.aio import client, config

from voice_flags import read_mounted
from voice_server.gateway.flags import Flags
from voice_server.settings import ConfigMapSource

log = logging.getLogger(__name__)
WATCH_SECONDS = 10
_SILENCE = 5.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0


class WatchError(Exception):
    """The API server did not give what was asked for; the message says what it said."""


_PASSING = (WatchError, aiohttp.ClientError, OSError, ValueError, config.ConfigException)


class ConfigMapWatch:
    """Keeps the flags equal to one ConfigMap; starts from a mounted copy while the API server is away.

    A list, a watch from there for ten seconds, a list again: a connection that died without a word is noticed
    by its missing end, and an event that never came is made good by the next list.
    """

    def __init__(self, flags: Flags, source: ConfigMapSource) -> None:
        self._flags = flags
        self._source = source

    async def follow(self) -> None:
        """Follow the ConfigMap until cancelled."""
        pauses = _pauses()
        while True:
            try:
                async with _api() as api:
                    while True:
                        await self._watch(api, await self._list(api))
                        pauses = _pauses()
            except _PASSING as error:
                log.warning("flags cannot be watched", extra={"reason": repr(error)})
            self._without_api()
            await asyncio.sleep(next(pauses))

    def _without_api(self) -> None:
        self._flags.lost()
        if self._flags.loaded or self._source.copy is None:
            return
        with contextlib.suppress(OSError):
            self._flags.seed(read_mounted(self._source.copy))

    async def _list(self, api: client.CoreV1Api) -> str:
        async with asyncio.timeout(_SILENCE), await self._ask(api) as response:
            listed = await response.json()
        match listed:
            case {"items": [*found], "metadata": {"resourceVersion": str(version)}}:
                self._flags.read(found[0].get("data") or {} if found else {})
                return version
            case _:
                raise WatchError(f"not a list of ConfigMaps: {str(listed)[:200]}")

    async def _watch(self, api: client.CoreV1Api, version: str) -> None:
        wanted = {
            "watch": True,
            "resource_version": version,
            "allow_watch_bookmarks": True,
            "timeout_seconds": WATCH_SECONDS,
        }
        async with asyncio.timeout(WATCH_SECONDS + _SILENCE), await self._ask(api, **wanted) as response:
            async for line in _lines(response):
                self._take(json.loads(line))

    async def _ask(self, api: client.CoreV1Api, **wanted: Any) -> aiohttp.ClientResponse:
        selector = f"metadata.name={self._source.name}"
        response = await api.list_namespaced_config_map_without_preload_content(
            self._source.namespace, field_selector=selector, **wanted
        )
        if response.status != HTTPStatus.OK:
            raise WatchError(f"status {response.status}: {(await response.text())[:200]}")
        return response

    def _take(self, event: dict[str, Any]) -> None:
        match event:
            case {"type": "ADDED" | "MODIFIED", "object": {} as found}:
                self._flags.read(found.get("data") or {})
            case {"type": "DELETED"}:
                self._flags.read({})
            case {"type": "BOOKMARK"}:
                self._flags.heard()
            case _:
                raise WatchError(f"event {json.dumps(event)[:200]}")


def _pauses() -> Iterator[float]:
    """Seconds between attempts, longer each time, never the same for all gateways at once."""
    longest = _FIRST_PAUSE
    while True:
        yield longest * random.SystemRandom().uniform(0.5, 1)
        longest = min(2 * longest, _LONGEST_PAUSE)


@contextlib.asynccontextmanager
async def _api() -> AsyncIterator[client.CoreV1Api]:
    configuration = client.Configuration()
    if "KUBERNETES_SERVICE_HOST" in os.environ:
        config.load_incluster_config(configuration)
    else:
        await config.load_kube_config(os.environ.get("KUBECONFIG"), client_configuration=configuration)
    async with client.ApiClient(configuration) as api:
        yield client.CoreV1Api(api)


async def _lines(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Whole lines of any length: a ConfigMap may hold a mebibyte."""
    rest = b""
    async for chunk in response.content.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line

"""Flags from the ConfigMap itself, through the API server: a switch takes milliseconds."""

import asyncio
import contextlib
import json
import logging
import random
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp

from voice_flags import read_mounted
from voice_server.gateway.api_server import ApiError, ApiServer, connected
from voice_server.gateway.flags import Flags
from voice_server.settings import ConfigMapSource

log = logging.getLogger(__name__)
WATCH_SECONDS = 10
_SILENCE = 5.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_PASSING = (ApiError, aiohttp.ClientError, OSError, ValueError)


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
                async with connected(self._source) as api:
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
            if copied := read_mounted(self._source.copy):
                self._flags.seed(copied)

    async def _list(self, api: ApiServer) -> str:
        async with asyncio.timeout(_SILENCE), api.config_map() as response:
            listed = await response.json()
        match listed:
            case {"items": [*found], "metadata": {"resourceVersion": str(version)}}:
                self._flags.read(found[0].get("data") or {} if found else {})
                return version
            case _:
                raise ApiError(f"not a list of ConfigMaps: {str(listed)[:200]}")

    async def _watch(self, api: ApiServer, version: str) -> None:
        wanted = {
            "watch": "true",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(WATCH_SECONDS),
        }
        async with asyncio.timeout(WATCH_SECONDS + _SILENCE), api.config_map(**wanted) as response:
            async for line in _lines(response):
                self._take(json.loads(line))

    def _take(self, event: dict[str, Any]) -> None:
        match event:
            case {"type": "ADDED" | "MODIFIED", "object": {} as found}:
                self._flags.read(found.get("data") or {})
            case {"type": "DELETED"}:
                self._flags.read({})
            case {"type": "BOOKMARK"}:
                self._flags.heard()
            case _:
                raise ApiError(f"event {json.dumps(event)[:200]}")


def _pauses() -> Iterator[float]:
    """Seconds between attempts, longer each time, never the same for all gateways at once."""
    longest = _FIRST_PAUSE
    while True:
        yield longest * random.SystemRandom().uniform(0.5, 1)
        longest = min(2 * longest, _LONGEST_PAUSE)


async def _lines(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Whole lines of any length: a ConfigMap may hold a mebibyte."""
    rest = b""
    async for chunk in response.content.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line

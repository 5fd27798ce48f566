"""/healthz, /readyz and /metrics."""

import asyncio
from collections.abc import Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

DEAF_SECONDS = 60.0


class Ears:
    """Whether the watch still hears: what the loop's own reads find changed must come through it, too."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._heard: dict[str, str] = {}
        self._missing: dict[str, float] = {}

    def heard(self, uid: str, version: str) -> None:
        """The watch told of an object's version."""
        self._heard[uid] = version
        self._missing.pop(uid, None)

    def noticed(self, uid: str, version: str) -> None:
        """A read found this version."""
        if self._heard.get(uid) == version:
            self._missing.pop(uid, None)
        else:
            self._missing.setdefault(uid, self._monotonic())

    @property
    def are_deaf(self) -> bool:
        """Something was found long ago that the watch never told of."""
        return any(self._monotonic() - since > DEAF_SECONDS for since in self._missing.values())


async def serve_probes(
    port: int, health: Callable[[], str], is_ready: Callable[[], bool], figures: CollectorRegistry
) -> None:
    """Answer probes until cancelled."""

    async def healthz(_: web.Request) -> web.Response:
        wrong = health()
        return web.Response(status=500 if wrong else 200, text=wrong or "ok")

    async def readyz(_: web.Request) -> web.Response:
        return web.Response(status=200 if is_ready() else 503)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(figures), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, port=port).start()
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()

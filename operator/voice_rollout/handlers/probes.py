"""/healthz, /readyz and /metrics."""

import asyncio
from collections.abc import Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

DEAF_SECONDS = 60.0


class Ears:
    """Whether the watch still hears: the lease is renewed every two seconds, so silence is a fault."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._last = monotonic()

    def heard(self) -> None:
        """Something came through the watch."""
        self._last = self._monotonic()

    @property
    def are_deaf(self) -> bool:
        """Nothing came for longer than any pause explains."""
        return self._monotonic() - self._last > DEAF_SECONDS


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

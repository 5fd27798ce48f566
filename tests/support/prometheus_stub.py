"""A Prometheus that answers what a test wants it to have measured, over its true HTTP interface."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from aiohttp import web

from cluster.control_plane import free_ports
from voice_rollout.resources.templates import catalogue

TEMPLATES = "error-rate: {window: 5s}"
"""What the platform changes in the catalogue: evidence is old enough after seconds."""

Answer = Callable[[], Awaitable[web.StreamResponse]]


class Figure(NamedTuple):
    """What a template says of a rollout's two variants, and the requests behind it; None: no such series."""

    candidate: float | None
    stable: float | None = 0.004
    samples: float | None = 1000


GOOD, POOR, BAD, NAN, EMPTY = (
    Figure(0.004),
    Figure(0.03),
    Figure(0.4),
    Figure(float("nan")),
    Figure(None, None, None),
)
"""Of an error rate: fit for promotion, unfit but short of a rollback, cause for a rollback, and no figure at all."""


@dataclass
class PrometheusStub:
    """`figures` by namespace and rollout hold for every template; `broken` answers instead, where it is set."""

    figures: dict[tuple[str, str], Figure] = field(default_factory=dict)
    broken: Answer | None = None
    asked: int = 0
    port: int = field(default_factory=lambda: free_ports(1)[0])
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen; again on the same port when it was stopped."""
        app = web.Application()
        app.router.add_get("/api/v1/query", self._query)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()

    async def stop(self) -> None:
        """Nobody listens any more."""
        await self._runner.cleanup()

    async def asked_again(self, times: int) -> None:
        """Return when it was asked so often from now on."""
        goal = self.asked + times
        async with self._news, asyncio.timeout(60):
            await self._news.wait_for(lambda: self.asked >= goal)

    async def _query(self, request: web.Request) -> web.StreamResponse:
        async with self._news:
            self.asked += 1
            self._news.notify_all()
        if self.broken is not None:
            return await self.broken()
        counted = {one.query: '"samples"' in one.query for one in catalogue(TEMPLATES).values()}
        at = float(request.query["time"])
        return vector(self._series(at, counted=counted[request.query["query"]]))

    def _series(self, at: float, *, counted: bool) -> list[dict[str, Any]]:
        found = []
        for (namespace, rollout), figure in self.figures.items():
            values = {("candidate", "value"): figure.candidate, ("stable", "value"): figure.stable}
            if counted:
                values |= {("candidate", "samples"): figure.samples, ("stable", "samples"): figure.samples}
            for (variant, name), value in values.items():
                if value is not None:
                    labels = {"namespace": namespace, "rollout": rollout, "variant": variant, "figure": name}
                    found.append({"metric": labels, "value": [at, _text(value)]})
        return found


def vector(series: list[dict[str, Any]], **more: Any) -> web.Response:
    """An instant query's answer."""
    return web.json_response(
        {"status": "success", "data": {"resultType": "vector", "result": series}, **more}
    )


async def html() -> web.Response:
    """What a proxy in between may say."""
    return web.Response(text="<html>please log in</html>", content_type="text/html")


async def unavailable() -> web.Response:
    return web.Response(status=503, text="upstream secret: 10.0.0.7 is down")


async def empty() -> web.Response:
    return vector([])


async def warning() -> web.Response:
    """A partial answer: some of the storage could not be read."""
    return vector([], warnings=["remote storage could not be read"])


async def something_else() -> web.Response:
    return web.json_response(["not", "a", "Prometheus"])


async def endless() -> web.Response:
    """More than anybody reads, and nobody said so before."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield b" " * (1 << 20)

    return web.Response(body=chunks())


async def slow() -> web.Response:
    """Longer than anybody waits."""
    await asyncio.sleep(30)
    return vector([])


def _text(value: float) -> str:
    return "NaN" if math.isnan(value) else f"{value:g}"

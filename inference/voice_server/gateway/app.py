"""The gateway: one address for every client, whichever engine speaks."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.routing import Route

from voice_server import metrics
from voice_server.gateway.flags import Flags
from voice_server.gateway.forward import Forwarder
from voice_server.gateway.metrics import GatewayMetrics
from voice_server.gateway.room import MIB, Room
from voice_server.gateway.speech import Speaker
from voice_server.gateway.upstreams import Upstreams
from voice_server.http import refuse_in_one_shape, status
from voice_server.serving import Drain, Farewell
from voice_server.settings import GatewaySettings

Follow = Callable[[Flags], Coroutine[Any, Any, None]]


def create_app(
    settings: GatewaySettings, follow: Follow, drain: Drain, clock: Callable[[], float]
) -> FastAPI:
    """The app; `follow` keeps its flags up to date for as long as it runs."""
    registry = metrics.new_registry()
    figures = GatewayMetrics(registry)
    flags = Flags(figures, clock)
    forwarder = Forwarder(settings.engine_timeout, clock)
    upstreams = Upstreams(forwarder, figures, clock, settings.concurrency, settings.max_wait)
    room = Room(settings.answers * MIB, settings.max_wait)
    figures.held.set_function(lambda: room.held)
    key = settings.serving.log_key
    speaker = Speaker(flags, upstreams, figures, clock, settings.default_rollout, key, room)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.watch = asyncio.create_task(follow(flags))
        yield
        app.state.watch.cancel()

    app = FastAPI(title="voice-server gateway", openapi_url=None, lifespan=lifespan)
    app.include_router(metrics.routes(registry))
    refuse_in_one_shape(app)
    app.add_middleware(Farewell, drain=drain)

    app.router.routes.append(Route("/v1/audio/speech", speaker.answer, methods=["POST"]))

    @app.get("/v1/models")
    async def models() -> Response:
        owner = {"object": "model", "created": 0, "owned_by": "voice-rollout"}
        return JSONResponse({"object": "list", "data": [{"id": name} | owner for name in flags.rollouts]})

    @app.get("/health")
    async def health(request: Request) -> Response:
        return status(None if not request.app.state.watch.done() else "the flags are no longer followed")

    @app.get("/readiness")
    async def readiness() -> Response:
        if drain.begun:
            return status("the pod is leaving")
        return status(None if flags.loaded else "no flags have been read yet")

    return app

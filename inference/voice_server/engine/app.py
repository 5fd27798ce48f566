"""The engine as an OpenAI-shaped server."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from voice_server import metrics, serving
from voice_server.audio.pcm import AudioError
from voice_server.audio.watermark import Watermark, named, untouched
from voice_server.engine.line import Limits
from voice_server.engine.metrics import EngineMetrics
from voice_server.engine.script import Script
from voice_server.engine.speech import Speaker
from voice_server.engine.voices import VoiceDesk
from voice_server.engine.worker import Worker
from voice_server.engines.base import Engine
from voice_server.http import refuse_in_one_shape, status
from voice_server.serving import Drain, Farewell
from voice_server.settings import EngineSettings, SettingsError
from voice_server.voices.registry import Registry

DEVICE_LOST = os.EX_IOERR


def run(engine: Engine, settings: EngineSettings) -> None:
    """Serve until told to leave. A lost device ends it, too, with SystemExit(74)."""
    lost = False

    def leave() -> None:
        nonlocal lost
        lost = True
        signal.raise_signal(signal.SIGINT)

    serving.run(lambda drain: create_app(engine, settings, drain, time.monotonic, leave), settings.serving)
    if lost:
        sys.exit(DEVICE_LOST)


def create_app(
    engine: Engine,
    settings: EngineSettings,
    drain: Drain,
    clock: Callable[[], float],
    on_loss: Callable[[], None] = lambda: None,
) -> FastAPI:
    collected = metrics.new_registry()
    figures = EngineMetrics(collected, settings.rollout, settings.variant)
    limits = Limits(settings.line, settings.wait, settings.timeout, settings.warm_up)
    worker = Worker(engine, limits, figures, clock, on_loss, settings.language)
    figures.watch(engine)
    figures.waiting.set_function(lambda: worker.waiting)
    figures.ahead.set_function(lambda: worker.ahead)
    watermark = _watermark(settings)
    script = Script.of(engine, settings.language)
    speaker = Speaker(worker, script, watermark, figures, settings.serving.log_key, clock)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.running = asyncio.create_task(worker.run())
        yield
        app.state.running.cancel()

    app = FastAPI(title="voice-server engine", openapi_url=None, lifespan=lifespan)
    app.include_router(metrics.routes(collected))
    refuse_in_one_shape(app)
    app.add_middleware(Farewell, drain=drain)

    app.add_route("/v1/audio/speech", speaker.answer, methods=["POST"])
    VoiceDesk(engine, Registry(settings.voices)).serve(app)

    @app.get("/v1/models")
    async def models() -> Response:
        model = {"id": engine.name, "object": "model", "created": 0, "owned_by": "voice-rollout"}
        return JSONResponse({"object": "list", "data": [model | {"licence": engine.licence}]})

    @app.get("/health")
    async def health(request: Request) -> Response:
        if request.app.state.running.done():
            return status("nobody looks after the engine any more")
        return status(None if worker.alive else "the engine hangs in a synthesis")

    @app.get("/readiness")
    async def readiness() -> Response:
        if drain.begun:
            return status("the pod is leaving")
        return status(None if worker.ready else "the engine has not spoken yet, or no longer can")

    return app


def _watermark(settings: EngineSettings) -> Watermark:
    try:
        return named(settings.watermark) if settings.watermark else untouched
    except AudioError as error:
        raise SettingsError(f"VOICE_WATERMARK: {error}") from error

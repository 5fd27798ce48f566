"""Runs one app under uvicorn, and leaves politely: unready, then deaf to new work, then gone."""

import asyncio
import contextlib
import gc
import logging
import signal
from collections.abc import Callable, Iterator

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from voice_server.protocol import BoundedProtocol
from voice_server.settings import Serving

log = logging.getLogger(__name__)


class Drain:
    """Whether the process has been told to leave."""

    def __init__(self) -> None:
        self.begun = False


class Farewell:
    """Middleware that ends each connection with its next answer once the process has been told to leave."""

    def __init__(self, app: ASGIApp, drain: Drain) -> None:
        self._app = app
        self._drain = drain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_last(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"connection", b"close")]
            await send(message)

        await self._app(scope, receive, send_last if self._drain.begun else send)


class Server(uvicorn.Server):
    """Leaves signals alone: on SIGTERM uvicorn would stop accepting before the endpoints have caught up."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def run(create: Callable[[Drain], FastAPI], serving: Serving) -> None:
    """Serve until SIGTERM or SIGINT, then drain and return."""
    drain = Drain()
    config = configuration(create(drain), serving)
    gc.freeze()  # the modules stay for good: a collection that walks them all would hold up every request
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_serve(Server(config), drain, serving.drain))


def configuration(app: FastAPI, serving: Serving) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=serving.host,
        port=serving.port,
        http=BoundedProtocol,
        log_config=None,
        access_log=False,
        lifespan="on",
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=max(1, round(serving.grace)),
    )


async def _serve(server: Server, drain: Drain, seconds: float) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        server.should_exit = True

    def leave() -> None:
        if not drain.begun:
            drain.begun = True
            log.info("draining", extra={"seconds": seconds})
            loop.call_later(seconds, stop)

    loop.add_signal_handler(signal.SIGTERM, leave)
    loop.add_signal_handler(signal.SIGINT, stop)
    await server.serve()

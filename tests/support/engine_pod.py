"""One engine behind its HTTP server, as a pod holds it, and a client of it."""

import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp

from support.voice import LOCAL, SOON, serving
from voice_server.engine.app import create_app
from voice_server.engines.base import Engine
from voice_server.engines.espeak import create
from voice_server.serving import Drain
from voice_server.settings import EngineSettings

WHOSE = 'rollout="f5-tts",variant="candidate"'


class Client:
    def __init__(self, url: str, session: aiohttp.ClientSession, drain: Drain) -> None:
        self.url = url
        self.session = session
        self.drain = drain

    async def say(self, text: str = "Olá", **fields: object) -> tuple[aiohttp.ClientResponse, bytes]:
        async with self.session.post(
            f"{self.url}/v1/audio/speech", json={"input": text} | fields
        ) as response:
            return response, await response.read()

    async def status(self, path: str) -> int:
        async with self.session.get(f"{self.url}{path}") as response:
            return response.status

    async def figure(self, name: str, labels: str = WHOSE) -> float:
        async with self.session.get(f"{self.url}/metrics/prometheus") as response:
            lines = (await response.text()).splitlines()
        return next(float(line.split()[-1]) for line in lines if line.startswith(f"{name}{{{labels}}}"))

    async def is_busy(self) -> bool:
        return await self.figure("tts_engine_queue_seconds") > 0

    async def outcome(self, name: str) -> float:
        return await self.figure("tts_engine_requests_total", f'outcome="{name}",{WHOSE}')


@contextlib.asynccontextmanager
async def an_engine(
    speaks: Engine | None = None,
    *,
    line: int = 2,
    seconds: float = SOON,
    voice: str = "pt-br",
    voices: Path | None = None,
) -> AsyncIterator[Client]:
    settings = EngineSettings(
        serving=LOCAL,
        engine="espeak",
        rollout="f5-tts",
        variant="candidate",
        line=line,
        wait=600,
        timeout=seconds,
        warm_up=60,
        voices=voices,
    )
    drain = Drain()
    app = create_app(speaks or create({"ESPEAK_VOICE": voice}), settings, drain, time.monotonic)
    async with serving(app) as url, aiohttp.ClientSession() as session:
        yield Client(url, session, drain)

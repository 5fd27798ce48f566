"""Gateways and engines for tests: real servers on free loopback ports, and an engine that does as it is told."""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
from fastapi import FastAPI

from cluster.control_plane import free_ports
from support.flags import a_document
from voice_flags import Document, Endpoint
from voice_server.audio import wav
from voice_server.audio.pcm import Audio
from voice_server.gateway import folder
from voice_server.gateway.app import create_app
from voice_server.serving import Drain, Server, configuration
from voice_server.settings import GatewaySettings, Serving

SPEECH = wav.encode(Audio(struct.pack("<2h", 8000, -8000) * 500, 22_050))
UNSIZED = SPEECH[:4] + b"\xff" * 4 + SPEECH[8:40] + b"\xff" * 4 + SPEECH[44:]
"""The same speech, as a file whose length nobody knows when it begins."""
SOON = 120.0
"""Seconds for what takes none: a busy machine may need some to start a process."""
ENGINE_TIMEOUT = 60.0
"""Seconds that a gateway gives an engine: none of them pass unless a clock is put forward."""
NO_HURRY = aiohttp.ClientTimeout()
"""A client's who waits for as long as it takes."""
LOCAL = Serving(host="127.0.0.1", port=0, drain=0, grace=5, log_key=b"test")


def reply(status: int = 200, body: bytes = SPEECH, media: str = "audio/wav", **headers: str) -> bytes:
    return _head(status, media, Content_Length=str(len(body)), **headers) + body


def _head(status: int, media: str, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {media}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def _chunk(piece: bytes) -> bytes:
    return f"{len(piece):x}\r\n".encode() + piece + b"\r\n"


@dataclass
class ScriptedEngine:
    """An HTTP server that sends `answer` to every request, or hangs up (None), or waits until it is released.

    What is in `rest` follows, each part when it is told to go on; then it hangs up.
    """

    answer: bytes | None = field(default_factory=reply)
    rest: list[bytes] = field(default_factory=list)
    said: int = 0
    """Parts, of all answers together."""
    heard: list[bytes] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    open: set[asyncio.StreamWriter] = field(default_factory=set)
    url: str = ""
    _leave: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    def __post_init__(self) -> None:
        self.released.set()

    def hang(self) -> None:
        self.released.clear()

    def stream(self, first: bytes, *pieces: bytes, media: str = "audio/wav", **headers: str) -> None:
        """Answer with chunks: the first at once, each further one and the end when told to go on."""
        self.answer = _head(200, media, Transfer_Encoding="chunked", **headers) + _chunk(first)
        self.rest = [*map(_chunk, pieces), _chunk(b"")]

    def go_on(self, parts: int = 1) -> None:
        for _ in range(parts):
            self._leave.release()

    def finish(self) -> None:
        self.go_on(len(self.rest))

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open.add(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._answer(reader, writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        self.open.discard(writer)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        self.heard.append(await reader.readexactly(int(length.split(b":")[1])))
        await self._allowed_or_left(self.released.wait(), reader)
        for number, part in enumerate(() if self.answer is None else (self.answer, *self.rest)):
            if number and not await self._allowed_or_left(self._leave.acquire(), reader):
                return
            writer.write(part)
            await writer.drain()
            self.said += 1

    async def _allowed_or_left(
        self, allowed: Coroutine[Any, Any, bool], reader: asyncio.StreamReader
    ) -> bool:
        allow, leave = asyncio.create_task(allowed), asyncio.create_task(reader.read(1))
        await asyncio.wait({allow, leave}, return_when=asyncio.FIRST_COMPLETED)
        if has_left := leave.done():
            self.left.set()
        allow.cancel()
        leave.cancel()
        return not has_left


@contextlib.asynccontextmanager
async def scripted_engine(answer: bytes | None = None) -> AsyncIterator[ScriptedEngine]:
    engine = ScriptedEngine(answer=answer or reply())
    server = await asyncio.start_server(engine.handle, "127.0.0.1", 0)
    engine.url = _address(server.sockets[0].getsockname())
    try:
        yield engine
    finally:
        engine.released.set()
        engine.finish()
        server.close()
        await until(lambda: engine.open, is_=set())


@contextlib.asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    """The address of `app`, served in this process."""
    server = Server(configuration(app, LOCAL))
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started or task.done())
    try:
        yield _address(server.servers[0].sockets[0].getsockname())
    finally:
        server.should_exit = True
        await task


@dataclass
class Gateway:
    """A gateway with its flags folder, and a client in front of it."""

    url: str
    flags: Path
    client: aiohttp.ClientSession
    drain: Drain

    async def say(
        self, text: str = "Olá", *, user: str | None = None, **fields: object
    ) -> aiohttp.ClientResponse:
        response = await self.listening(text, user=user, **fields)
        await response.read()
        return response

    def listening(
        self, text: str = "Olá", *, user: str | None = None, **fields: object
    ) -> aiohttp.client._RequestContextManager:
        """The answer from its head on; who leaves before its end lets go of the connection."""
        headers = {str(name): str(value) for name, value in dict(fields.pop("headers", {})).items()}  # type: ignore[call-overload]
        body = {"input": text, "user": user} | fields
        return self.client.post(f"{self.url}/v1/audio/speech", json=body, headers=headers)

    async def figures(self) -> dict[str, float]:
        """Every sample of /metrics by its name and labels as Prometheus writes them."""
        async with self.client.get(f"{self.url}/metrics") as response:
            lines = [line for line in (await response.text()).splitlines() if not line.startswith("#")]
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}

    def publish(self, document: Document) -> None:
        publish(self.flags, document)


def publish(flags: Path, document: Document) -> None:
    waiting = flags / "next"
    waiting.write_text(document.to_json())
    waiting.replace(flags / f"{document.rollout}.flag.json")


@contextlib.asynccontextmanager
async def a_gateway(flags: Path, *documents: Document, **changes: object) -> AsyncIterator[Gateway]:
    for document in documents:
        publish(flags, document)
    usual = GatewaySettings(
        serving=LOCAL,
        flags=flags,
        default_rollout="f5-tts",
        concurrency=8,
        max_wait=0.2,
        engine_timeout=ENGINE_TIMEOUT,
    )
    settings, drain = replace(usual, **changes), Drain()  # type: ignore[arg-type]
    loop = asyncio.get_running_loop()

    def clock() -> float:
        return loop.time()  # whose clock a test may have changed by now

    app = create_app(settings, lambda known: folder.follow(known, flags), drain, clock)
    async with serving(app) as url, aiohttp.ClientSession(timeout=NO_HURRY) as client:
        yield Gateway(url, flags, client, drain)


def between(stable: ScriptedEngine | str, candidate: ScriptedEngine | str, **changes: object) -> Document:
    """A rollout between two engines, whose tester is always on the candidate."""
    return a_document(
        stable=Endpoint("xtts", _url(stable)),
        candidate=Endpoint("f5-tts", _url(candidate)),
        **({"allow": frozenset({"tester"})} | changes),
    )


def _url(engine: ScriptedEngine | str) -> str:
    return engine if isinstance(engine, str) else engine.url


def _address(name: tuple[str, int]) -> str:
    return f"http://{name[0]}:{name[1]}"


def nowhere() -> str:
    """An address at which nobody listens."""
    return f"http://127.0.0.1:{free_port()}"


def free_port() -> int:
    """One that no connection nor server takes by chance, however long nobody listens there yet."""
    return free_ports(1)[0]


async def until(look: Callable[[], Any], *, is_: object = True, within: float = SOON) -> None:
    """Look again and again until `is_` is seen; fail when that takes too long."""
    async with asyncio.timeout(within):
        while (await seen if isinstance(seen := look(), Awaitable) else seen) != is_:
            await asyncio.sleep(0.01)


class Clock:
    """The event loop's, which can be put forward."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._time = loop.time
        self._ahead = 0.0

    def __call__(self) -> float:
        return self._time() + self._ahead

    def put_forward(self, seconds: float) -> None:
        self._ahead += seconds

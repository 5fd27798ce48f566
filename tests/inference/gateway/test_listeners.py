"""Listeners of streams who are slow, who stop, who leave: whose matter that is."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from support.figures import counted, figure
from support.program import program
from support.voice import (
    SPEECH,
    UNSIZED,
    Clock,
    Gateway,
    ScriptedEngine,
    a_gateway,
    between,
    publish,
    until,
)
from voice_server import protocol
from voice_server.gateway import metrics
from voice_server.gateway.breaker import FAILURES

FIRST = UNSIZED[:1000]
MIB = 2**20
LONG = UNSIZED + bytes(24 * MIB)
"""More than lies between a gateway and a listener who takes nothing."""
FORMATS = ("audio", "sse")
WHOLE, STREAMED = b'{"input":"a","user":"tester"}', b'{"input":"a","user":"tester","stream_format":"audio"}'


@dataclass
class Listener:
    """One that takes only as much as he is told to; he has a small buffer."""

    url: str
    connection: socket.socket

    async def ask(self, body: bytes) -> None:
        loop = asyncio.get_running_loop()
        host, port = self.url.removeprefix("http://").split(":")
        await loop.sock_connect(self.connection, (host, int(port)))
        head = f"POST /v1/audio/speech HTTP/1.1\r\nHost: voice\r\nContent-Length: {len(body)}\r\n\r\n"
        await loop.sock_sendall(self.connection, head.encode() + body)

    async def take(self, length: int) -> bytes:
        taken = bytearray()
        while len(taken) < length:
            piece = await asyncio.get_running_loop().sock_recv(self.connection, length - len(taken))
            if not piece:
                raise EOFError
            taken += piece
        return bytes(taken)


@asynccontextmanager
async def a_listener(gateway: Gateway, body: bytes = STREAMED) -> AsyncIterator[Listener]:
    """He has asked, and heard the beginning."""
    with socket.socket() as connection:
        connection.settimeout(0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener = Listener(gateway.url, connection)
        await listener.ask(body)
        assert (await listener.take(12)) == b"HTTP/1.1 200"
        yield listener


def speaks_for_long(candidate: ScriptedEngine) -> None:
    candidate.stream(LONG)
    candidate.finish()


async def is_counted(gateway: Gateway, **expected: float) -> None:
    """Wait until the candidate's figures are these, and the others 0."""
    names = {
        "ok": lambda figures: counted(figures, "candidate", "ok"),
        "error": lambda figures: counted(figures, "candidate", "error"),
        "abandoned": lambda figures: figure(figures, "voice_gateway_abandoned_total"),
        "in_flight": lambda figures: figure(figures, "voice_gateway_in_flight"),
    }

    async def seen() -> dict[str, float]:
        figures = await gateway.figures()
        return {name: look(figures) for name, look in names.items()}

    await until(seen, is_=dict.fromkeys(names, 0.0) | expected)


async def test_a_slow_listener_holds_no_place_and_makes_no_engine_look_slow(
    gateway: Gateway, candidate: ScriptedEngine
) -> None:
    speaks_for_long(candidate)
    async with a_listener(gateway) as listener:
        await is_counted(gateway, ok=1)
        await until(lambda: candidate.open, is_=set())
        await listener.take(len(LONG))

    await is_counted(gateway, ok=1)


@pytest.mark.parametrize("asked", [STREAMED, WHOLE])
async def test_a_listener_who_takes_nothing_at_all_is_left(
    gateway: Gateway, candidate: ScriptedEngine, clock: Clock, asked: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    speaks_for_long(candidate)
    async with a_listener(gateway, asked) as listener:
        await is_counted(gateway, ok=1)
        clock.put_forward(protocol.STALLED + 1)
        await is_counted(gateway, ok=1)
        with pytest.raises((EOFError, ConnectionResetError)):
            await listener.take(len(LONG))

    assert [line["status"] for line in lines(caplog)] == [499 if asked == STREAMED else 200]


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [vars(record) for record in caplog.records if record.msg == "speech"]


@pytest.mark.parametrize("asked", [STREAMED, WHOLE])
async def test_a_listener_who_takes_a_part_now_and_then_is_not_left(
    gateway: Gateway, candidate: ScriptedEngine, clock: Clock, asked: bytes
) -> None:
    """A part is more than lies in the kernel, so that some of it leaves the gateway between two looks."""
    speaks_for_long(candidate)
    async with a_listener(gateway, asked) as listener:
        await is_counted(gateway, ok=1)
        for _ in range(3):
            await listener.take(6 * MIB)
            clock.put_forward(protocol.STALLED / 2 + 1)
        await listener.take(len(LONG) - 18 * MIB)


async def test_a_place_is_held_until_the_engines_last_byte(
    tmp_path: Path, stable: ScriptedEngine, candidate: ScriptedEngine
) -> None:
    candidate.stream(FIRST, UNSIZED[1000:])
    document = between(stable, candidate)
    async with a_gateway(tmp_path, document, concurrency=1, max_wait=0.05) as gateway:
        async with gateway.listening(user="tester", stream_format="audio") as response:
            await response.content.readexactly(len(FIRST))
            second = await gateway.say(user="tester", stream_format="audio")
            candidate.go_on(4)
            await response.read()
        third = await gateway.say(user="tester", stream_format="audio")

    assert (second.headers["X-Fallback"], await second.read()) == ("no-place", SPEECH)
    assert ("X-Fallback" in third.headers, await third.read()) == (False, UNSIZED)


@pytest.mark.parametrize("stream_format", FORMATS)
async def test_a_client_that_leaves_before_the_first_sound_takes_his_request_off_the_engine(
    gateway: Gateway, candidate: ScriptedEngine, stream_format: str
) -> None:
    candidate.stream(UNSIZED[:44], UNSIZED[44:])
    asking = asyncio.create_task(gateway.say(user="tester", stream_format=stream_format))
    await until(lambda: len(candidate.heard), is_=1)
    asking.cancel()
    await until(candidate.left.is_set)

    await is_counted(gateway, abandoned=1)


async def test_a_client_that_waited_too_long_for_the_first_sound_is_the_variants_error(
    gateway: Gateway, candidate: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "PATIENCE", 0.0)
    candidate.hang()
    asking = asyncio.create_task(gateway.say(user="tester", stream_format="audio"))
    await until(lambda: len(candidate.heard), is_=1)
    asking.cancel()

    await is_counted(gateway, abandoned=1, error=1)


@pytest.mark.parametrize("stream_format", FORMATS)
async def test_a_client_that_has_heard_enough_takes_his_request_off_the_engine_and_blames_nobody(
    gateway: Gateway, candidate: ScriptedEngine, stream_format: str, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level("INFO")
    monkeypatch.setattr(metrics, "PATIENCE", 0.0)
    candidate.stream(FIRST, UNSIZED[1000:])
    async with gateway.listening(user="tester", stream_format=stream_format) as response:
        await response.content.readexactly(len(FIRST))
    await until(candidate.left.is_set)

    await is_counted(gateway, abandoned=1)
    assert [line["status"] for line in lines(caplog)] == [499]


async def test_whoever_leaves_early_again_and_again_opens_no_breaker(
    gateway: Gateway, candidate: ScriptedEngine
) -> None:
    candidate.stream(FIRST, UNSIZED[1000:])
    for _ in range(FAILURES + 1):
        async with gateway.listening(user="tester", stream_format="audio") as response:
            await response.content.readexactly(len(FIRST))
    await is_counted(gateway, abandoned=FAILURES + 1)
    await until(lambda: candidate.open, is_=set())
    candidate.finish()
    response = await gateway.say(user="tester", stream_format="audio")

    assert (await response.read(), "X-Fallback" in response.headers) == (UNSIZED, False)


async def test_a_listener_who_leaves_after_the_engines_last_byte_has_been_served(
    gateway: Gateway, candidate: ScriptedEngine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    speaks_for_long(candidate)
    async with a_listener(gateway):
        await is_counted(gateway, ok=1)

    await until(lambda: [line["status"] for line in lines(caplog)], is_=[499])
    await is_counted(gateway, ok=1)


async def test_a_stream_that_is_under_way_outlasts_the_drain(tmp_path: Path, stable: ScriptedEngine) -> None:
    flags = tmp_path / "flags"
    flags.mkdir()
    publish(flags, between(stable, stable))
    settings = {
        "VOICE_FLAGS_PATH": str(flags),
        "VOICE_DEFAULT_ROLLOUT": "f5-tts",
        "VOICE_DRAIN_SECONDS": "0.2",
    }
    stable.stream(FIRST, UNSIZED[1000:])
    request = {"input": "a", "stream_format": "audio"}
    with program("gateway", tmp_path / "log", **settings) as gateway:
        await gateway.ready()
        async with (
            aiohttp.ClientSession() as client,
            client.post(f"{gateway.url}/v1/audio/speech", json=request) as response,
        ):
            sound = await response.content.readexactly(len(FIRST))
            gateway.terminate()
            await until(gateway.listens, is_=False)
            stable.finish()
            sound += await response.read()
        code = await gateway.ended()

    assert (sound, code) == (UNSIZED, 0)

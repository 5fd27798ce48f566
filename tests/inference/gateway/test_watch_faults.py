"""The watch against a server that answers what no API server should."""

import asyncio
import contextlib
import json
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path

import certifi
import pytest
from prometheus_client import CollectorRegistry

from support.flags import a_document
from support.voice import until
from voice_server.gateway import watch
from voice_server.gateway.flags import Flags
from voice_server.gateway.metrics import GatewayMetrics
from voice_server.gateway.watch import ConfigMapWatch
from voice_server.settings import ConfigMapSource

HEAD = "HTTP/1.1 {} X\r\nContent-Type: {}\r\nConnection: close\r\n\r\n"


def object_of(generation: int) -> dict[str, object]:
    return {
        "metadata": {"name": "voice-flags", "resourceVersion": str(generation)},
        "data": {"f5-tts.flag.json": a_document(generation=generation).to_json()},
    }


def event(kind: str, content: object) -> bytes:
    return json.dumps({"type": kind, "object": content}).encode() + b"\n"


def gone(code: int) -> dict[str, object]:
    return {"kind": "Status", "status": "Failure", "message": "too old resource version", "code": code}


class OddServer:
    """Lists generation 1 the first time and 2 from then on, or what `odd_list` says; each watch gets `events`."""

    def __init__(self, events: bytes, odd_list: bytes | None = None) -> None:
        self._events = events
        self.odd_list = odd_list
        self.lists = 0
        self.watched: list[str] = []

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
            writer.write(self._watch(path) if "watch=" in path else self._list())
            await writer.drain()
        writer.close()

    def _list(self) -> bytes:
        self.lists += 1
        if self.odd_list is not None:
            return self.odd_list
        listed = {"metadata": {"resourceVersion": "7"}, "items": [object_of(min(self.lists, 2))]}
        return HEAD.format(200, "application/json").encode() + json.dumps(listed).encode()

    def _watch(self, path: str) -> bytes:
        self.watched.append(path)
        return HEAD.format(200, "application/json").encode() + self._events


@contextlib.asynccontextmanager
async def followed(
    server: OddServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Flags, asyncio.Task[None]]]:
    listening = await asyncio.start_server(server.handle, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    source = ConfigMapSource(address, "voice", "voice-flags", account=_account(folder))
    monkeypatch.setattr(watch, "_LONGEST_PAUSE", 0.05)
    monkeypatch.setattr(watch, "_SILENCE", 0.3)
    flags = Flags(GatewayMetrics(CollectorRegistry()), time.monotonic)
    task = asyncio.create_task(ConfigMapWatch(flags, source).follow())
    try:
        yield flags, task
    finally:
        task.cancel()
        await asyncio.wait({task})
        listening.close()


def _account(folder: Path) -> Path:
    (folder / "token").write_text("token")
    shutil.copy(certifi.where(), folder / "ca.crt")
    return folder


def generation(flags: Flags) -> int | None:
    document = flags.document("f5-tts")
    return document.generation if document else None


async def test_a_watch_starts_where_its_list_ended_and_ends_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = OddServer(b"")
    async with followed(server, tmp_path, monkeypatch):
        await until(lambda: server.watched != [])

    assert "fieldSelector=metadata.name%3Dvoice-flags" in server.watched[0]
    assert "resourceVersion=7" in server.watched[0]
    assert f"timeoutSeconds={watch.WATCH_SECONDS}" in server.watched[0]


async def test_events_move_the_flags_between_two_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = event("BOOKMARK", {"metadata": {"resourceVersion": "8"}}) + event("MODIFIED", object_of(5))
    async with followed(OddServer(events), tmp_path, monkeypatch) as (flags, _):
        await until(lambda: generation(flags), is_=5)


@pytest.mark.parametrize(
    "events",
    [
        event("ERROR", gone(410)),
        event("ERROR", gone(500)),
        event("SURPRISE", {}),
        event("MODIFIED", "not an object"),
        b"<html>",
        b"\xff\xfe\n",
        b'{"type": "MODIFIED", "object": {"da',
        b"[]\n",
    ],
)
async def test_whatever_a_watch_says_the_next_list_is_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, events: bytes
) -> None:
    server = OddServer(events)
    async with followed(server, tmp_path, monkeypatch) as (flags, task):
        await until(lambda: generation(flags), is_=2)
        await until(lambda: server.lists > 3)

        assert not task.done()
        assert generation(flags) == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense",
        HEAD.format(403, "application/json").encode() + b'{"message": "forbidden"}',
        HEAD.format(503, "text/plain").encode(),
        HEAD.format(200, "text/html").encode() + b"<html>",
        HEAD.format(200, "application/json").encode() + b"{",
        HEAD.format(200, "application/json").encode() + b'{"items": null}',
        HEAD.format(200, "application/json").encode() + b"[]",
    ],
)
async def test_a_list_that_is_none_leaves_the_gateway_unready_and_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    server = OddServer(b"", odd_list=answer)
    async with followed(server, tmp_path, monkeypatch) as (flags, _):
        await until(lambda: server.lists >= 3)
        assert not flags.loaded
        server.odd_list = None
        await until(lambda: generation(flags), is_=2)


async def test_pauses_grow_to_five_seconds_and_are_never_alike() -> None:
    pauses = watch._pauses()
    taken = [next(pauses) for _ in range(12)]

    assert all(0.05 <= pause <= 5 for pause in taken)
    assert taken[-1] >= 2.5
    assert len(set(taken)) == 12

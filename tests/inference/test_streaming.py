"""An answer that leaves chunk by chunk, as a server is told to send it."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest
from starlette.types import Message

from voice_server.http import RefusedError
from voice_server.streaming import Begun, Streamed, as_events

BROKEN = RefusedError(502, "connection-lost", "no engine could speak this to its end")


class Source:
    """Chunks, and whether they were closed before their end."""

    def __init__(self, *chunks: bytes, error: Exception | None = None) -> None:
        self.chunks, self.error = chunks, error
        self.was_left = False

    async def __call__(self) -> AsyncGenerator[bytes, None]:
        try:
            for chunk in self.chunks:
                yield chunk
            if self.error:
                raise self.error
        except (GeneratorExit, asyncio.CancelledError):
            self.was_left = True
            raise


class Client:
    """Takes `patience` messages, then leaves."""

    def __init__(self, patience: int = 1000) -> None:
        self.sent: list[Message] = []
        self._patience = patience
        self._gone = asyncio.Event()

    async def send(self, message: Message) -> None:
        self.sent.append(message)
        if len(self.sent) >= self._patience:
            self._gone.set()
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    async def receive(self) -> Message:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)

    @property
    def has_all(self) -> bool:
        return self.sent[-1].get("more_body") is False


async def sent(response: Streamed, client: Client | None = None) -> Client:
    client = client or Client()
    await response(
        {"type": "http", "http_version": "1.1", "method": "POST", "headers": []}, client.receive, client.send
    )
    return client


def streamed(source: Source) -> Streamed:
    return Streamed(source(), {"X-Engine": "f5"}, "audio/wav")


def events(source: Source) -> Streamed:
    return as_events(source(), {"X-Engine": "f5"}, 7)


def told(client: Client) -> list[dict[str, Any]]:
    return [json.loads(event.removeprefix("data: ")) for event in client.body.decode().split("\n\n")[:-1]]


async def test_each_chunk_leaves_as_it_comes_and_no_length_is_promised() -> None:
    client = await sent(streamed(Source(b"one", b"two")))

    headers = dict(client.sent[0]["headers"])
    assert [message.get("body") for message in client.sent[1:]] == [b"one", b"two", b""]
    assert client.has_all
    assert (headers[b"content-type"], headers[b"x-engine"]) == (b"audio/wav", b"f5")
    assert b"content-length" not in headers


async def test_proxies_are_told_not_to_hold_it_back() -> None:
    headers = dict((await sent(streamed(Source(b"one")))).sent[0]["headers"])

    assert (headers[b"x-accel-buffering"], headers[b"cache-control"]) == (b"no", b"no-cache")


async def test_what_breaks_off_is_never_said_to_be_whole() -> None:
    client = await sent(streamed(Source(b"one", error=BROKEN)))

    assert client.body == b"one"
    assert not client.has_all


async def test_events_say_that_it_broke_off_and_why() -> None:
    client = await sent(events(Source(b"one", error=BROKEN)))

    assert [event.get("type") for event in told(client)] == ["speech.audio.delta", None]
    assert told(client)[-1]["error"]["code"] == "connection-lost"
    assert client.has_all


async def test_events_end_with_what_was_used() -> None:
    client = await sent(events(Source(b"one")))

    assert told(client)[-1] == {
        "type": "speech.audio.done",
        "usage": {"input_tokens": 7, "output_tokens": 0, "total_tokens": 7},
    }


@pytest.mark.parametrize("respond", [streamed, events])
@pytest.mark.parametrize("patience", [1, 2])
async def test_a_client_that_leaves_closes_the_chunks(
    respond: Callable[[Source], Streamed], patience: int
) -> None:
    source = Source(*[b"more"] * 5)
    started = source()
    chunks = Begun(await anext(started), started)
    response = respond(source)
    response._chunks = chunks
    client = await sent(response, Client(patience))

    assert source.was_left
    assert not client.has_all


async def test_what_was_begun_goes_on_behind_its_first_chunk() -> None:
    rest = Source(b"one", b"two")()

    assert [chunk async for chunk in Begun(await anext(rest), rest)] == [b"one", b"two"]

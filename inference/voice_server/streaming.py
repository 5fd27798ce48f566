"""Speech that leaves while it is still being made up: as bare bytes, or as the events of OpenAI's speech endpoint."""

import base64
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Protocol, Self

from fastapi import Request
from fastapi.responses import Response
from starlette.types import Message, Receive, Scope, Send

from voice_server.http import ClientGoneError, RefusedError, while_connected

_UNBUFFERED = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
"""Proxies hand on what they get; nginx does so only when told."""


class Chunks(Protocol):
    """Bytes of a file in order; RefusedError when the rest will not come. Closed early, nothing goes on for them."""

    def __aiter__(self) -> Self: ...

    async def __anext__(self) -> bytes: ...

    async def aclose(self) -> object: ...


class Begun:
    """A generator's chunks, the first of which was already taken from it."""

    def __init__(self, first: bytes, rest: AsyncGenerator[bytes, None]) -> None:
        self._first: bytes | None = first
        self._rest = rest

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self._first is None:
            return await anext(self._rest)
        first, self._first = self._first, None
        return first

    async def aclose(self) -> None:
        await self._rest.aclose()


class Streamed(Response):
    """Sends each chunk as it comes. Where the chunks end in RefusedError the connection ends before its answer does,
    which is how HTTP tells a client that this is not the whole; a client that leaves closes the chunks.
    HTTP/1.0 has neither chunks nor that way to tell: its clients get all at once.
    """

    def __init__(self, chunks: Chunks, headers: Mapping[str, str], media_type: str) -> None:
        super().__init__(headers={**headers, **_UNBUFFERED}, media_type=media_type)
        del self.headers["content-length"]
        self._chunks = chunks
        self._told = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sending = self._send(send) if scope["http_version"] == "1.1" else self._at_once(scope, receive, send)
        async with aclosing(self._chunks):
            try:
                await while_connected(Request(scope, receive), sending)
            except (ClientGoneError, RefusedError):
                return

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        try:
            async for chunk in self._chunks:
                await send({"type": "http.response.body", "body": self._written(chunk), "more_body": True})
            last = self._end()
        except RefusedError as refusal:
            last = self._failed(refusal)
        await send({"type": "http.response.body", "body": last, "more_body": False})

    async def _at_once(self, scope: Scope, receive: Receive, send: Send) -> None:
        bodies: list[bytes] = []

        async def gather(message: Message) -> None:
            bodies.append(message.get("body", b""))

        whole: Response
        try:
            await self._send(gather)
            whole = Response(b"".join(bodies), self.status_code, self.headers)
        except RefusedError as refusal:
            whole = refusal.response(self._told)
        await whole(scope, receive, send)

    def _written(self, chunk: bytes) -> bytes:
        return chunk

    def _end(self) -> bytes:
        return b""

    def _failed(self, refusal: RefusedError) -> bytes:
        raise refusal


class _Events(Streamed):
    def __init__(self, chunks: Chunks, headers: Mapping[str, str], characters: int) -> None:
        super().__init__(chunks, headers, "text/event-stream")
        self._characters = characters

    def _written(self, chunk: bytes) -> bytes:
        return _event({"type": "speech.audio.delta", "audio": base64.b64encode(chunk).decode()})

    def _end(self) -> bytes:
        count = self._characters
        usage = {"input_tokens": count, "output_tokens": 0, "total_tokens": count}
        return _event({"type": "speech.audio.done", "usage": usage})

    def _failed(self, refusal: RefusedError) -> bytes:
        return _event(refusal.content)


def as_events(chunks: Chunks, headers: Mapping[str, str], characters: int) -> Streamed:
    """The chunks as server-sent events: `speech.audio.delta` for each, then `speech.audio.done` or an error.

    No engine here counts tokens, which the last event must name: it has the text's characters.
    """
    return _Events(chunks, headers, characters)


def _event(content: Mapping[str, object]) -> bytes:
    return f"data: {json.dumps(content, separators=(',', ':'))}\n\n".encode()

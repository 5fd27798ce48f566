"""A client that sends what it is given byte by byte, and judges the answer: 2xx, or 4xx with a reason."""

import asyncio
import json
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

PATIENCE = 120.0
"""Seconds for an answer: what takes so long hangs, however busy the machine is."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def wrong(self) -> str | None:
        """How it breaks the promise. Nobody is too many here: requests come in ones and twos."""
        told = f"{self.status} {self.body[:200]!r}"
        if 200 <= self.status < 300:
            return None
        if not 400 <= self.status < 500 or self.status == 429:
            return told
        try:
            error = json.loads(self.body)["error"]
            whole = set(error) == {"message", "type", "param", "code"} and len(error["message"]) > 10
        except (ValueError, KeyError, TypeError):
            whole = False
        return None if whole else told


async def sent(url: str, request: bytes, *, leaves: bool = False) -> Answer | None:
    """What the server at `url` answers to these bytes; None where it hung up. Who `leaves` sends no more.

    An answer that comes before all is sent is read, too, whatever becomes of the rest.
    """
    parts = urlsplit(url)
    reader = asyncio.StreamReader(limit=2**26)
    with socket.socket() as client:
        client.settimeout(0)
        async with asyncio.timeout(PATIENCE):
            await asyncio.get_running_loop().sock_connect(client, (parts.hostname, parts.port))
            both = [
                asyncio.create_task(each)
                for each in (_send(client, request, leaves=leaves), _read(client, reader))
            ]
            try:
                return await _answer(reader)
            except asyncio.IncompleteReadError:
                return None
            finally:
                for each in both:
                    each.cancel()
                await asyncio.wait(both)


async def _send(client: socket.socket, request: bytes, *, leaves: bool) -> None:
    with suppress(ConnectionError):
        await asyncio.get_running_loop().sock_sendall(client, request)
        if leaves:
            client.shutdown(socket.SHUT_WR)


async def _read(client: socket.socket, reader: asyncio.StreamReader) -> None:
    with suppress(ConnectionError):
        while chunk := await asyncio.get_running_loop().sock_recv(client, 2**16):
            reader.feed_data(chunk)
    reader.feed_eof()


async def _answer(reader: asyncio.StreamReader) -> Answer:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    status = int(first.split()[1])
    if status < 200:
        return await _answer(reader)
    return Answer(status, headers, await reader.readexactly(int(headers.get("content-length", "0"))))


def post(path: str, body: bytes, *lines: str, length: int | None = None) -> bytes:
    """A POST with these lines in its head, as long as it says unless `length` lies."""
    head = (
        f"POST {path} HTTP/1.1",
        "Host: voice",
        f"Content-Length: {len(body) if length is None else length}",
        *lines,
    )
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body

"""HTTP/1.1 as a client that asks once: a connection carries one request and its whole answer."""

import asyncio
from collections.abc import Callable
from typing import cast

import httptools


class TornError(Exception):
    """The connection ended, or made no sense, before the answer was whole."""


class Exchange(asyncio.Protocol):
    """Sends `request` once it is connected; `answered` then comes true, or raises TornError.

    An answer whose body grows beyond `most` bytes counts as whole there. `on_more` is called when more of it has come.
    """

    def __init__(self, request: bytes, most: int) -> None:
        self._request = request
        self._most = most
        self._parser = httptools.HttpResponseParser(self)
        self._sized = False
        self._headed = False
        self.on_more: Callable[[], None] = lambda: None
        self.headers: dict[bytes, bytes] = {}
        self.body = bytearray()
        self.answered = asyncio.get_running_loop().create_future()

    @property
    def status(self) -> int:
        return int(self._parser.get_status_code())

    def header(self, name: bytes) -> str:
        return self.headers.get(name, b"").decode("latin-1")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).write(self._request)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self.fail(TornError(f"not HTTP: {error}"))
        if len(self.body) > self._most:
            self.on_message_complete()
        self.on_more()

    def connection_lost(self, error: Exception | None) -> None:
        if error is None and self._headed and not self._sized:
            self.on_message_complete()
        self.fail(TornError(str(error or "the connection was closed before the answer was whole")))

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        self._headed = True
        self._sized = not self.headers.keys().isdisjoint((b"content-length", b"transfer-encoding"))

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        if not self.answered.done():
            self.answered.set_result(None)

    def forget(self) -> None:
        """Let go of the body: the parser and its protocol hold each other until the garbage is collected."""
        self.body = bytearray()

    def fail(self, error: Exception) -> None:
        """Let `answered` raise `error`, unless the answer is whole already."""
        if not self.answered.done():
            self.answered.set_exception(error)

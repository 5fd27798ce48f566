"""uvicorn's fast HTTP protocol, with the bounds that it lacks and refusals in our shape."""

import asyncio
import json
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from voice_server.schemas import refusal

MAX_HEAD = 32 * 1024
STALLED = 30.0
"""Seconds without a byte taken, after which a client is left with what is ready for him."""


def _refusal(status: HTTPStatus, code: str, message: str) -> bytes:
    """A whole answer in the shape of every other refusal, after which the connection ends."""
    body = json.dumps(refusal(code, message))
    return (
        f"HTTP/1.1 {status} {status.phrase}\r\nContent-Type: application/json\r\nConnection: close\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


_TOO_LONG = _refusal(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    "head_too_large",
    f"the request's line and headers are too long; send at most {MAX_HEAD} bytes",
)
_UNREADABLE = _refusal(HTTPStatus.BAD_REQUEST, "not_http", "this is not HTTP/1.1; send a request of it")


class BoundedProtocol(HttpToolsProtocol):
    """Refuses a request whose line and headers have not ended after 32 KiB; leaves a client that takes nothing."""

    _head: int | None = 0
    _watch: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        if self._head is not None:
            self._head += len(data)
        super().data_received(data)
        if self._head is not None and self._head > MAX_HEAD and not self.transport.is_closing():
            self.transport.write(_TOO_LONG)
            self.transport.close()

    def send_400_response(self, _: str) -> None:
        self.transport.write(_UNREADABLE)
        self.transport.close()

    def on_headers_complete(self) -> None:
        self._head = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._head = 0

    def pause_writing(self) -> None:
        super().pause_writing()
        self._look_again()

    def resume_writing(self) -> None:
        self._look_away()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._look_away()
        super().connection_lost(exc)

    def _look_again(self) -> None:
        waiting = self.transport.get_write_buffer_size()
        self._watch = self.loop.call_later(STALLED, self._leave_unless_less_than, waiting)

    def _leave_unless_less_than(self, waited: int) -> None:
        if self.transport.get_write_buffer_size() < waited:
            self._look_again()
        else:
            self.transport.abort()

    def _look_away(self) -> None:
        if self._watch is not None:
            self._watch.cancel()

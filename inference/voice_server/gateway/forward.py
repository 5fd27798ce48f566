"""Asks engines, each request on a connection of its own.

So every pod behind a Service gets its share at once, and no request is written to a connection whose pod has just
gone: what fails before the connection stands was never begun, what fails after it is the engine's failure.
"""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from random import SystemRandom
from socket import SOCK_STREAM
from urllib.parse import quote, urlsplit

from voice_server.audio.pcm import AudioError
from voice_server.gateway.outcome import MAX_AUDIO, Failed, Outcome, Reply, Why, begun, judge
from voice_server.gateway.tap import Tap
from voice_server.gateway.wire import Exchange, TornError

CONNECT_TIMEOUT = 1.0
LONGEST_RETRY = 60.0
REMEMBER_ADDRESS = 30.0
STREAM_TIMES = 10
"""A stream that goes on may take so many times the longest silence: by default as long as the longest text sounds."""


@dataclass(frozen=True, slots=True)
class Target:
    """An engine's address, taken apart, and the lines that start every request to it."""

    host: str
    port: int
    tls: bool
    head: bytes

    def request(self, body: bytes, request_id: str) -> bytes:
        return (
            self.head + f"X-Request-Id: {request_id}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        )


@lru_cache(maxsize=4096)
def target(url: str) -> Target:
    parts = urlsplit(url)
    tls = parts.scheme == "https"
    path, host = quote(parts.path.rstrip("/")), quote(parts.netloc, safe=":[]")
    head = (
        f"POST {path}/v1/audio/speech HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
        "Accept-Encoding: identity\r\nContent-Type: application/json\r\n"
    )
    return Target(parts.hostname or "", parts.port or (443 if tls else 80), tls, head.encode())


class Forwarder:
    def __init__(self, timeout: float, clock: Callable[[], float]) -> None:
        """An engine has `timeout` seconds for its answer, down to the last byte; streamed, for each next byte."""
        self._timeout = timeout
        self._clock = clock
        self._tls = ssl.create_default_context()
        self._addresses: dict[Target, tuple[float, list[str]]] = {}

    async def send(self, url: str, body: bytes, request_id: str, tap: Tap | None = None) -> Outcome:
        """What the engine at `url` answers; never raises for anything that an engine or a network can do.

        Where there is a tap, the answer goes through it as soon as it has begun.
        """
        outcome = await self._sent(url, body, request_id, tap)
        return tap.settled(outcome) if tap else outcome

    async def _sent(self, url: str, body: bytes, request_id: str, tap: Tap | None) -> Outcome:
        engine = target(url)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                transport, exchange = await self._connected(engine, engine.request(body, request_id))
        except (OSError, UnicodeError) as error:
            self._addresses.pop(engine, None)
            return Failed(Why.UNREACHABLE, str(error) or "no connection in time")
        try:
            async with asyncio.timeout(self._timeout) as limit:
                if tap:
                    self._let_through(exchange, tap, limit)
                await exchange.answered
            return judge(_reply(exchange))
        except TimeoutError:
            return Failed(Why.TIMEOUT, self._late(tap))
        except TornError as error:
            return Failed(Why.LOST, str(error))
        except AudioError as error:
            return Failed(Why.BROKEN_AUDIO, str(error))
        finally:
            transport.abort()
            exchange.forget()

    def _late(self, tap: Tap | None) -> str:
        if tap is None or tap.reply is None:
            return f"no answer in {self._timeout:g} s"
        return f"nothing more for {self._timeout:g} s, or no end in {STREAM_TIMES * self._timeout:g} s"

    def _let_through(self, exchange: Exchange, tap: Tap, limit: asyncio.Timeout) -> None:
        """Open the tap when the answer has begun; each arrival from then on gives the engine more time."""
        clock = asyncio.get_running_loop().time
        latest = clock() + STREAM_TIMES * self._timeout

        def more() -> None:
            if exchange.answered.done() or limit.expired():
                return
            try:
                _open_when_begun(exchange, tap)
            except AudioError as error:
                exchange.fail(error)
            if tap.reply:
                tap.tell()
                limit.reschedule(min(clock() + self._timeout, latest))

        exchange.on_more = more
        more()

    async def _connected(self, engine: Target, request: bytes) -> tuple[asyncio.Transport, Exchange]:
        address = SystemRandom().choice(await self._resolved(engine))
        return await asyncio.get_running_loop().create_connection(
            lambda: Exchange(request, MAX_AUDIO),
            address,
            engine.port,
            ssl=self._tls if engine.tls else None,
            server_hostname=engine.host if engine.tls else None,
        )

    async def _resolved(self, engine: Target) -> list[str]:
        known = self._addresses.get(engine)
        if known is None or self._clock() - known[0] > REMEMBER_ADDRESS:
            loop = asyncio.get_running_loop()
            found = await loop.getaddrinfo(engine.host, engine.port, type=SOCK_STREAM)
            known = self._addresses[engine] = (self._clock(), [str(each[4][0]) for each in found])
        return known[1]


def _open_when_begun(exchange: Exchange, tap: Tap) -> None:
    if tap.reply is None and exchange.body and begun(reply := _reply(exchange)):
        tap.open(reply, exchange.body)


def _reply(exchange: Exchange) -> Reply:
    return Reply(
        status=exchange.status,
        media_type=exchange.header(b"content-type"),
        body=bytes(exchange.body),
        engine=exchange.header(b"x-engine") or None,
        tier=exchange.header(b"x-quality-tier") or None,
        retry_after=_seconds(exchange.header(b"retry-after")),
    )


def _seconds(text: str) -> float | None:
    return min(float(text), LONGEST_RETRY) if text.isdecimal() else None

"""The client's end of a streamed answer."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Self

from voice_server.gateway.delivery import Delivery
from voice_server.gateway.exchange import Exchange
from voice_server.gateway.metrics import GatewayMetrics
from voice_server.gateway.route import Route
from voice_server.gateway.tap import Tap
from voice_server.http import CLIENT_GONE, RefusedError


@dataclass(slots=True)
class Listener:
    """The chunks of one answer, each when the client takes it. When he leaves, the engine is left at once."""

    tap: Tap
    speaking: asyncio.Task[Delivery]
    way: Route
    exchange: Exchange
    figures: GatewayMetrics
    clock: Callable[[], float]
    _is_over: bool = field(default=False, init=False)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if piece := await self.tap.more():
            return piece
        self._is_over = True
        try:
            self.exchange.check(self.speaking.result(), self.way)
        except RefusedError as refusal:
            self.exchange.line["refused"] = refusal.code
            raise
        finally:
            self.exchange.log(HTTPStatus.OK, self.clock())
        raise StopAsyncIteration

    async def aclose(self) -> None:
        if self._is_over:
            return
        self._is_over = True
        if self.speaking.cancel():
            self.figures.left(self.way.document, self.way.assigned)
        self.exchange.log(CLIENT_GONE, self.clock())

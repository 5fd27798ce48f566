"""One request through the gateway: read, routed, spoken by somebody, counted, told."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from fastapi import Request
from fastapi.responses import Response

from voice_flags import Variant
from voice_server.gateway.admission import FullError
from voice_server.gateway.delivery import Delivery, deliver
from voice_server.gateway.exchange import Exchange
from voice_server.gateway.flags import Flags
from voice_server.gateway.listener import Listener
from voice_server.gateway.metrics import GatewayMetrics
from voice_server.gateway.outcome import Outcome, Reply, Why, unheard
from voice_server.gateway.room import Room, foreseen
from voice_server.gateway.route import Route, route
from voice_server.gateway.sending import Ending, Whole
from voice_server.gateway.tap import Tap
from voice_server.gateway.upstreams import Upstreams
from voice_server.http import (
    CLIENT_GONE,
    ClientGoneError,
    RefusedError,
    read_body,
    request_id,
    while_connected,
)
from voice_server.logs import milliseconds, pseudonym
from voice_server.schemas import MAX_BODY, RequestError, SpeechRequest
from voice_server.streaming import Streamed, as_events

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Speaker:
    """Answers speech requests for every rollout of the namespace; `default` is the one meant by no name."""

    flags: Flags
    upstreams: Upstreams
    figures: GatewayMetrics
    clock: Callable[[], float]
    default: str | None
    log_key: bytes
    room: Room

    async def answer(self, request: Request) -> Ending:
        """The speech or a refusal, with headers that say what happened."""
        exchange = Exchange(self.clock(), {"X-Request-Id": request_id(request)})
        try:
            response = await self._speech(request, exchange)
        except RefusedError as refusal:
            exchange.line["refused"] = refusal.code
            response = refusal.response(exchange.headers)
        except ClientGoneError:
            response = Response(status_code=CLIENT_GONE)
        if not isinstance(response, Streamed):
            exchange.log(response.status_code, self.clock())
        return Ending(response, exchange.give_back)

    async def _speech(self, request: Request, exchange: Exchange) -> Response:
        try:
            speech = SpeechRequest.parse(await read_body(request, MAX_BODY))
        except RequestError as error:
            raise RefusedError(400, "invalid_request", str(error), error.param) from None
        way = route(speech, request.headers, self.flags, self.default)
        exchange.headers |= way.headers()
        exchange.line |= {
            "rollout": way.document.rollout,
            "user": pseudonym(way.user.id, self.log_key),
            "characters": len(speech.input),
        }
        exchange.give_back = await while_connected(request, self._room_for(speech))
        if speech.stream_format:
            return await self._streamed(request, speech, way, exchange)
        delivery = await self._while_waiting(request, way, exchange, self._delivered(speech, way, exchange))
        return _whole(exchange.tell(delivery, way), exchange)

    async def _room_for(self, speech: SpeechRequest) -> Callable[[], None]:
        try:
            return await self.room.hold(foreseen(speech))
        except FullError:
            message = "the gateway holds as many answers as it can; try again a little later"
            raise RefusedError(429, Why.NO_PLACE, message, retry_after=1) from None

    async def _streamed(
        self, request: Request, speech: SpeechRequest, way: Route, exchange: Exchange
    ) -> Response:
        tap = Tap()
        speaking = asyncio.create_task(self._delivered(speech, way, exchange, tap))
        speaking.add_done_callback(lambda _: tap.end())
        begun = await self._while_waiting(request, way, exchange, _begun(tap, speaking))
        if begun is None:
            return _whole(exchange.tell(speaking.result(), way), exchange)
        self._tell_begun(begun, way, exchange)
        listener = Listener(tap, speaking, way, exchange, self.figures, self.clock)
        if speech.stream_format == "sse":
            return as_events(listener, exchange.headers, len(speech.input))
        return Streamed(listener, exchange.headers, begun.media_type)

    def _tell_begun(self, begun: Reply, way: Route, exchange: Exchange) -> None:
        delivery = exchange.so_far(way, begun)
        exchange.tell(delivery, way)
        waited = self.clock() - exchange.began
        exchange.line["first_audio_ms"] = milliseconds(waited)
        self.figures.begun(way.document, delivery, waited)

    async def _delivered(
        self, speech: SpeechRequest, way: Route, exchange: Exchange, tap: Tap | None = None
    ) -> Delivery:
        """What the user gets, counted; through the tap, where there is one, while it comes."""

        async def ask(variant: Variant) -> Outcome:
            request = exchange.headers["X-Request-Id"]
            outcome = await self.upstreams.ask(way.document, variant, speech, request, tap)
            if given_up := unheard(outcome):
                exchange.given_up.append(given_up)
            return outcome

        delivery = await deliver(way.assigned, ask)
        exchange.ended = self.clock()
        self.figures.delivered(way.document, delivery, way.user.character, exchange.ended - exchange.began)
        return delivery

    async def _while_waiting(self, request: Request, way: Route, exchange: Exchange, work: Awaitable[T]) -> T:
        """The work's result; a client that leaves before it is counted."""
        try:
            return await while_connected(request, work)
        except ClientGoneError:
            waited = self.clock() - exchange.began
            self.figures.abandoned(way.document, way.assigned, way.user.character, waited)
            raise


async def _begun(tap: Tap, speaking: asyncio.Task[Delivery]) -> Reply | None:
    """The answer that has begun, if one has; when nobody waits for it any more, the speaking ends, too."""
    try:
        return await tap.opened()
    except asyncio.CancelledError:
        speaking.cancel()
        raise


def _whole(reply: Reply, exchange: Exchange) -> Response:
    return Whole(reply.body, reply.status, exchange.headers, reply.media_type)

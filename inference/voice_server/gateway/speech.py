"""One request through the gateway: read, routed, spoken by somebody, counted, told."""

import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from voice_flags import Variant
from voice_server.gateway.delivery import Delivery, deliver
from voice_server.gateway.flags import Flags
from voice_server.gateway.metrics import GatewayMetrics
from voice_server.gateway.outcome import Failed, Outcome, Reply, Why
from voice_server.gateway.route import Route, route
from voice_server.gateway.upstreams import Upstreams
from voice_server.http import (
    CLIENT_GONE,
    ClientGoneError,
    RefusedError,
    read_body,
    request_id,
    while_connected,
)
from voice_server.logs import pseudonym
from voice_server.schemas import MAX_BODY, RequestError, SpeechRequest

log = logging.getLogger(__name__)
_WORD = re.compile(r"[A-Za-z0-9_. /:-]{1,64}")
_STATUS = {Why.NO_PLACE: 429, Why.OVERLOADED: 503, Why.UNREACHABLE: 503, Why.TIMEOUT: 504}


@dataclass(slots=True)
class Exchange:
    """What becomes known of one request on its way: for its response's headers and its line in the log."""

    began: float
    headers: dict[str, str]
    line: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Speaker:
    """Answers speech requests for every rollout of the namespace; `default` is the one meant by no name."""

    flags: Flags
    upstreams: Upstreams
    figures: GatewayMetrics
    clock: Callable[[], float]
    default: str | None
    log_key: bytes

    async def answer(self, request: Request) -> Response:
        """The speech or a refusal, with headers that say what happened."""
        exchange = Exchange(self.clock(), {"X-Request-Id": request_id(request)})
        try:
            response = await self._speech(request, exchange)
        except RefusedError as refusal:
            exchange.line["refused"] = refusal.code
            response = refusal.response(exchange.headers)
        except ClientGoneError:
            response = Response(status_code=CLIENT_GONE)
        exchange.line |= {
            name.lower().removeprefix("x-").replace("-", "_"): value
            for name, value in exchange.headers.items()
        }
        took = self.clock() - exchange.began
        log.info(
            "speech",
            extra=exchange.line | {"status": response.status_code, "duration_ms": round(took * 1e3, 1)},
        )
        return response

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
        delivery = await self._delivered(request, speech, way, exchange)
        return _told(delivery, way, exchange)

    async def _delivered(
        self, request: Request, speech: SpeechRequest, way: Route, exchange: Exchange
    ) -> Delivery:
        def ask(variant: Variant) -> Awaitable[Outcome]:
            return self.upstreams.ask(way.document, variant, speech, exchange.headers["X-Request-Id"])

        try:
            delivery = await while_connected(request, deliver(way.assigned, ask))
        except ClientGoneError:
            waited = self.clock() - exchange.began
            self.figures.abandoned(way.document, way.assigned, way.user.character, waited)
            raise
        took = self.clock() - exchange.began
        self.figures.delivered(way.document, delivery, way.user.character, took)
        return delivery


def _told(delivery: Delivery, way: Route, exchange: Exchange) -> Response:
    failure = delivery.failure
    if failure is not None:
        exchange.line |= {"failure": failure.why, "failure_detail": failure.detail}
    if failure is not None and delivery.fell_back:
        exchange.headers["X-Fallback"] = failure.why
    if isinstance(delivery.outcome, Failed):
        raise _refusal(delivery.outcome, way)
    answered = Variant.STABLE if delivery.fell_back else delivery.assigned
    return _passed_on(delivery.outcome.reply, way.document.endpoint(answered).name, exchange)


def _passed_on(reply: Reply, name: str, exchange: Exchange) -> Response:
    said = reply.engine if reply.engine and _WORD.fullmatch(reply.engine) else name
    exchange.headers["X-Engine"] = said
    if reply.tier and _WORD.fullmatch(reply.tier):
        exchange.headers["X-Quality-Tier"] = reply.tier
    return Response(reply.body, reply.status, exchange.headers, reply.media_type)


def _refusal(failed: Failed, way: Route) -> RefusedError:
    rollout = way.document.rollout
    message = f"no engine of the rollout {rollout} could speak this ({failed.why}); try again a little later"
    return RefusedError(
        _STATUS.get(failed.why, 502), failed.why, message, retry_after=failed.retry_after or 1
    )

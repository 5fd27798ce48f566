"""One request to the engine, from its body to its sound."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Self

from fastapi import Request
from fastapi.responses import Response

from voice_server.audio.encoding import Encoder
from voice_server.audio.pcm import Audio, AudioError
from voice_server.audio.provenance import Mark
from voice_server.audio.quality import signal_to_noise, speaking_rate
from voice_server.audio.watermark import Watermark
from voice_server.engine.device import UnforeseenError
from voice_server.engine.exchange import Exchange
from voice_server.engine.held import Spoken
from voice_server.engine.metrics import EngineMetrics
from voice_server.engine.outlet import Outlet
from voice_server.engine.refusals import ERRORS, refusal_for
from voice_server.engine.script import Script, whole
from voice_server.engine.worker import Worker
from voice_server.engines.base import Engine, OnCard, Profile, Utterance
from voice_server.http import (
    CLIENT_GONE,
    ClientGoneError,
    RefusedError,
    read_body,
    request_id,
    while_connected,
)
from voice_server.logs import milliseconds, pseudonym
from voice_server.schemas import DEFAULT, MAX_BODY, RequestError, SpeechRequest
from voice_server.streaming import Begun, Streamed, as_events

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Measured:
    """What was measured of speech: seconds, dB, letters and digits a second."""

    duration: float
    snr: float
    rate: float

    @classmethod
    def of(cls, text: str, audio: Audio) -> Self:
        return cls(audio.duration, signal_to_noise(audio), speaking_rate(text, audio))


@dataclass(frozen=True, slots=True)
class Speaker:
    """Answers speech requests with one worker."""

    worker: Worker
    script: Script
    watermark: Watermark
    figures: EngineMetrics
    log_key: bytes
    clock: Callable[[], float]

    async def answer(self, request: Request) -> Response:
        """The speech, or a refusal that says why there is none; counted and logged at its end."""
        exchange = Exchange(request_id(request), self.worker.engine.name, self.figures, self.clock)
        try:
            speech = await self._read(request, exchange)
            answering = self._streamed if speech.stream_format else self._whole
            return await while_connected(request, answering(speech, exchange))
        except RefusedError as refusal:
            exchange.refuse(refusal)
            return refusal.response(exchange.headers)
        except ClientGoneError:
            exchange.settle("abandoned")
            return Response(status_code=CLIENT_GONE)

    async def _read(self, request: Request, exchange: Exchange) -> SpeechRequest:
        try:
            speech = SpeechRequest.parse(await read_body(request, MAX_BODY))
        except RequestError as error:
            raise RefusedError(400, "invalid_request", str(error), error.param) from None
        exchange.line |= {"user": pseudonym(speech.user, self.log_key), "characters": len(speech.input)}
        return speech

    async def _whole(self, speech: SpeechRequest, exchange: Exchange) -> Response:
        with self._refusing():
            spoken = await self.worker.speak(*await self._pieces(speech))
            body, media_type, measured = await asyncio.to_thread(self._finished, speech, spoken)
        self._note(speech, spoken, measured, exchange)
        exchange.settle("ok")
        return Response(body, headers=exchange.headers, media_type=media_type)

    async def _streamed(self, speech: SpeechRequest, exchange: Exchange) -> Response:
        """Begun with its first chunk: until then it can be refused."""
        with self._refusing():
            pieces = await self._pieces(speech)
        outlet = Outlet(self._encoder, speech.response_format, len(pieces))
        chunks = self._settled(self._chunks(speech, pieces, outlet, exchange), exchange)
        begun = Begun(await anext(chunks), chunks)
        if speech.stream_format == "sse":
            return as_events(begun, exchange.headers, len(speech.input))
        return Streamed(begun, exchange.headers, outlet.media_type)

    async def _settled(
        self, chunks: AsyncGenerator[bytes, None], exchange: Exchange
    ) -> AsyncGenerator[bytes, None]:
        try:
            async with aclosing(chunks):
                async for chunk in chunks:
                    with exchange.handing_over():
                        yield chunk
        except RefusedError as refusal:
            exchange.refuse(refusal)
            raise
        except (asyncio.CancelledError, GeneratorExit):
            exchange.settle("abandoned")
            raise
        exchange.settle("ok")

    async def _chunks(
        self, speech: SpeechRequest, pieces: Sequence[Utterance], outlet: Outlet, exchange: Exchange
    ) -> AsyncGenerator[bytes, None]:
        spoken: list[Spoken] = []
        with self._refusing():
            async with aclosing(self.worker.stream(*pieces)) as bits:
                async for bit in bits:
                    if isinstance(bit, Spoken):
                        spoken.append(bit)
                        chunk = await asyncio.to_thread(outlet.end_piece)
                    else:
                        self._tell_tier(bit.tier, exchange)
                        chunk = await asyncio.to_thread(outlet.hear, bit.audio)
                    if chunk:
                        yield chunk
            measured = await asyncio.to_thread(lambda: _Measured.of(speech.input, _joined(spoken)))
        self._note(speech, spoken, measured, exchange)

    def _finished(self, speech: SpeechRequest, spoken: Sequence[Spoken]) -> tuple[bytes, str, _Measured]:
        audio = _joined(spoken)
        body, media_type = self._encoder.encode(audio, speech.response_format)
        return body, media_type, _Measured.of(speech.input, audio)

    async def _pieces(self, speech: SpeechRequest) -> list[Utterance]:
        voice = None if speech.voice == DEFAULT else speech.voice
        utterance = Utterance(speech.input, voice, speech.speed, Profile(speech.quality_profile))
        is_streamed = speech.stream_format is not None
        return await asyncio.to_thread(self.script.pieces, utterance, is_streamed=is_streamed)

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """Whatever goes wrong in here is the reason of a refusal."""
        try:
            yield
        except Exception as error:
            raise self._refusal(error) from error

    def _refusal(self, error: Exception) -> RefusedError:
        if isinstance(error, AudioError):
            log.warning("encoding failed", extra={"engine": self.worker.engine.name, "reason": str(error)})
            return RefusedError(500, "engine_failed", "the engine's speech could not be encoded")
        if not isinstance(error, ERRORS):
            log.error(
                "a fault that nobody foresaw", extra={"engine": self.worker.engine.name}, exc_info=error
            )
            return refusal_for(UnforeseenError(type(error).__name__))
        refusal = refusal_for(error)
        if refusal.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.warning("synthesis failed", extra={"engine": self.worker.engine.name, "reason": str(error)})
        return refusal

    @property
    def _encoder(self) -> Encoder:
        engine = self.worker.engine
        return Encoder(Mark(engine.name, engine.licence), self.watermark)

    def _tell_tier(self, tier: int, exchange: Exchange) -> None:
        if name := self.worker.engine.tiers[tier]:
            exchange.headers["X-Quality-Tier"] = name

    def _note(
        self, speech: SpeechRequest, spoken: Sequence[Spoken], measured: _Measured, exchange: Exchange
    ) -> None:
        tier, inference = max(each.tier for each in spoken), sum(each.inference for each in spoken)
        self._tell_tier(tier, exchange)
        name = self.worker.engine.tiers[tier]
        self.figures.spoke(name, inference / measured.duration)
        self.figures.heard(measured.snr, measured.rate)
        exchange.line |= {
            "tier": name,
            "pieces": len(spoken),
            "queue_ms": milliseconds(spoken[0].queued),
            "inference_time_ms": milliseconds(inference),
            "audio_duration_s": round(measured.duration, 3),
            "characters_per_second": round(len(speech.input) / max(inference, 1e-3), 1),
            "speaking_rate": round(measured.rate, 1),
            "snr_db": round(measured.snr, 1),
        }
        exchange.line |= _vram(self.worker.engine)


def _joined(spoken: Sequence[Spoken]) -> Audio:
    return whole([each.audio for each in spoken])


def _vram(engine: Engine) -> dict[str, float]:
    if not isinstance(engine, OnCard):
        return {}
    allocated, reserved = engine.vram()
    return {"vram_allocated_mb": round(allocated / 1e6, 1), "vram_reserved_mb": round(reserved / 1e6, 1)}

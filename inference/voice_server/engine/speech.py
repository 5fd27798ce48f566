"""One request to the engine, from its body to its sound."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from voice_server.audio.encoding import Encoder
from voice_server.audio.formats import Format
from voice_server.audio.pcm import Audio, AudioError
from voice_server.audio.provenance import Mark
from voice_server.audio.quality import signal_to_noise, speaking_rate
from voice_server.audio.watermark import Watermark
from voice_server.engine.metrics import EngineMetrics
from voice_server.engine.refusals import ERRORS, kind_of, refusal_for
from voice_server.engine.script import Script, whole
from voice_server.engine.worker import Spoken, Worker
from voice_server.engines.base import Engine, OnCard, Profile, Utterance
from voice_server.http import (
    CLIENT_GONE,
    ClientGoneError,
    RefusedError,
    read_body,
    request_id,
    while_connected,
)
from voice_server.logs import pseudonym
from voice_server.schemas import DEFAULT, MAX_BODY, RequestError, SpeechRequest

log = logging.getLogger(__name__)
_OUTCOMES = {429: "refused", 503: "refused", 504: "timeout", 500: "error"}


@dataclass(slots=True)
class _Exchange:
    """What becomes known of one request on its way: for its response's headers and its line in the log."""

    headers: dict[str, str]
    line: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _File:
    """Speech as it leaves, and what was measured of it: seconds, dB, letters and digits a second."""

    body: bytes
    media_type: str
    duration: float
    snr: float
    rate: float


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
        """The speech, or a refusal that says why there is none; counted and logged."""
        began, known = self.clock(), request_id(request)
        headers = {"X-Request-Id": known, "X-Engine": self.worker.engine.name}
        exchange = _Exchange(headers, {"request_id": known, "job_id": known})
        kind = None
        try:
            response, outcome = await self._speech(request, exchange), "ok"
        except RefusedError as refusal:
            response, outcome = refusal.response(exchange.headers), _OUTCOMES.get(refusal.status, "invalid")
            kind = kind_of(refusal)
            exchange.line |= {"reason": str(refusal), "error": kind}
        except ClientGoneError:
            response, outcome = Response(status_code=CLIENT_GONE), "abandoned"
        took = self.clock() - began
        self.figures.count(outcome, took, kind)
        log.info("speech", extra=exchange.line | {"outcome": outcome, "duration_ms": _milliseconds(took)})
        return response

    async def _speech(self, request: Request, exchange: _Exchange) -> Response:
        try:
            speech = SpeechRequest.parse(await read_body(request, MAX_BODY))
        except RequestError as error:
            raise RefusedError(400, "invalid_request", str(error), error.param) from None
        exchange.line |= {"user": pseudonym(speech.user, self.log_key), "characters": len(speech.input)}
        spoken = await while_connected(request, self._spoken(speech))
        file = await self._file(speech, [each.audio for each in spoken])
        self._note(spoken, file, exchange)
        return Response(file.body, headers=exchange.headers, media_type=file.media_type)

    async def _spoken(self, speech: SpeechRequest) -> list[Spoken]:
        voice = None if speech.voice == DEFAULT else speech.voice
        utterance = Utterance(speech.input, voice, speech.speed, Profile(speech.quality_profile))
        try:
            pieces = await asyncio.to_thread(self.script.pieces, utterance)
            return await self.worker.speak(*pieces)
        except ERRORS as error:
            refusal = refusal_for(error)
            if refusal.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                log.warning(
                    "synthesis failed", extra={"engine": self.worker.engine.name, "reason": str(error)}
                )
            raise refusal from error

    async def _file(self, speech: SpeechRequest, pieces: Sequence[Audio]) -> _File:
        try:
            return await asyncio.to_thread(self._finished, speech.input, pieces, speech.response_format)
        except AudioError as error:
            log.warning("encoding failed", extra={"engine": self.worker.engine.name, "reason": str(error)})
            raise RefusedError(500, "engine_failed", "the engine's speech could not be encoded") from error

    def _finished(self, text: str, pieces: Sequence[Audio], form: Format) -> _File:
        audio = whole(pieces)
        engine = self.worker.engine
        body, media_type = Encoder(Mark(engine.name, engine.licence), self.watermark).encode(audio, form)
        rate = speaking_rate(text, audio)
        return _File(body, media_type, audio.duration, signal_to_noise(audio), rate)

    def _note(self, spoken: Sequence[Spoken], file: _File, exchange: _Exchange) -> None:
        tier = max(spoken, key=lambda each: each.tier)
        name, inference = self.worker.engine.tiers[tier.tier], sum(each.inference for each in spoken)
        self.figures.spoke(name, inference / file.duration)
        self.figures.heard(file.snr, file.rate)
        if name:
            exchange.headers["X-Quality-Tier"] = name
        exchange.line |= {
            "tier": name,
            "pieces": len(spoken),
            "queue_ms": _milliseconds(spoken[0].queued),
            "inference_time_ms": _milliseconds(inference),
            "audio_duration_s": round(file.duration, 3),
            "characters_per_second": round(exchange.line["characters"] / max(inference, 1e-3), 1),
            "speaking_rate": round(file.rate, 1),
            "snr_db": round(file.snr, 1),
        }
        exchange.line |= _vram(self.worker.engine)


def _vram(engine: Engine) -> dict[str, float]:
    if not isinstance(engine, OnCard):
        return {}
    allocated, reserved = engine.vram()
    return {"vram_allocated_mb": round(allocated / 1e6, 1), "vram_reserved_mb": round(reserved / 1e6, 1)}


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1e3, 1)

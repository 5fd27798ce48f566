"""One request to the engine, from its body to its sound."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from voice_server.audio.encoding import Encoder
from voice_server.audio.formats import Format
from voice_server.audio.pcm import Audio, AudioError
from voice_server.engine.metrics import EngineMetrics
from voice_server.engine.worker import FullError, WarmingError, Worker
from voice_server.engines.base import EngineError, TextError, UnknownVoiceError, Utterance
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


class Speaker:
    """Answers speech requests with one worker."""

    def __init__(
        self,
        worker: Worker,
        encoder: Encoder,
        figures: EngineMetrics,
        log_key: bytes,
        clock: Callable[[], float],
    ) -> None:
        self._worker = worker
        self._encoder = encoder
        self._figures = figures
        self._log_key = log_key
        self._clock = clock

    async def answer(self, request: Request) -> Response:
        """The speech, or a refusal that says why there is none; counted and logged."""
        began = self._clock()
        headers = {"X-Request-Id": request_id(request), "X-Engine": self._worker.engine}
        line: dict[str, Any] = {"request_id": headers["X-Request-Id"]}
        try:
            response, outcome = await self._speech(request, headers, line), "ok"
        except RefusedError as refusal:
            response, outcome = refusal.response(headers), _OUTCOMES.get(refusal.status, "invalid")
            line["reason"] = str(refusal)
        except ClientGoneError:
            response, outcome = Response(status_code=CLIENT_GONE), "abandoned"
        took = self._clock() - began
        self._figures.count(outcome, took)
        log.info("speech", extra=line | {"outcome": outcome, "duration_ms": round(took * 1e3, 1)})
        return response

    async def _speech(self, request: Request, headers: dict[str, str], line: dict[str, Any]) -> Response:
        try:
            speech = SpeechRequest.parse(await read_body(request, MAX_BODY))
        except RequestError as error:
            raise RefusedError(400, "invalid_request", str(error), error.param) from None
        line["user"] = pseudonym(speech.user, self._log_key)
        line["characters"] = len(speech.input)
        began = self._clock()
        audio = await while_connected(request, self._spoken(speech))
        self._measure(audio, self._clock() - began, line)
        body, media_type = await self._encoded(audio, speech.response_format)
        return Response(body, headers=headers, media_type=media_type)

    async def _encoded(self, audio: Audio, form: Format) -> tuple[bytes, str]:
        try:
            return await asyncio.to_thread(self._encoder.encode, audio, form)
        except AudioError as error:
            log.warning("encoding failed", extra={"engine": self._worker.engine, "reason": str(error)})
            raise RefusedError(500, "engine_failed", "the engine's speech could not be encoded") from error

    async def _spoken(self, speech: SpeechRequest) -> Audio:
        voice = None if speech.voice == DEFAULT else speech.voice
        try:
            return await self._worker.speak(Utterance(speech.input, voice, speech.speed))
        except FullError as full:
            raise RefusedError(429, "overloaded", str(full), retry_after=full.retry_after) from None
        except WarmingError as warming:
            raise RefusedError(503, "warming_up", str(warming), retry_after=1) from None
        except UnknownVoiceError as error:
            raise RefusedError(400, "unknown_voice", f"voice: {error}", "voice") from None
        except TextError as error:
            raise RefusedError(422, "unspeakable_text", f"input: {error}", "input") from None
        except TimeoutError:
            raise RefusedError(504, "timeout", "the engine did not finish in time") from None
        except EngineError as error:
            log.warning("synthesis failed", extra={"engine": self._worker.engine, "reason": str(error)})
            raise RefusedError(500, "engine_failed", "the engine could not speak this") from error

    def _measure(self, audio: Audio, took: float, line: dict[str, Any]) -> None:
        self._figures.real_time_factor.observe(took / audio.duration)
        line["audio_duration_s"] = round(audio.duration, 3)
        line["characters_per_second"] = round(line["characters"] / took, 1)

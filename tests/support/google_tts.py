"""Google Cloud Text-to-Speech as a test needs it: its rules, its errors and its sign-in.

Every text becomes a tone of its own: `tone(text, voice)` tells whose words were spoken.
"""

import asyncio
import json
import math
import struct
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from google.auth import jwt
from google.cloud import texttospeech_v1 as tts
from google.protobuf import duration_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2

from support.google_wire import a_key, pem
from voice_server.audio import wav
from voice_server.audio.pcm import Audio
from voice_server.engines.base import Answer, Job, Utterance
from voice_server.engines.google import Google

CHIRP, WAVENET, ENGLISH = "pt-BR-Chirp3-HD-Charon", "pt-BR-Wavenet-A", "en-US-Chirp3-HD-Charon"
VOICES = (CHIRP, "pt-BR-Chirp3-HD-Kore", WAVENET, "pt-BR-Neural2-C", "en-US-Studio-O", ENGLISH, "Charon")
ACCOUNT = "speaker@local.iam.gserviceaccount.com"
AUDIENCE = "https://texttospeech.googleapis.com/"
METADATA_TOKEN = "ya29.from-the-metadata-server"
RATE = 24_000
LONGEST_CHIRP_SENTENCE = 800


def tone(text: str, voice: str = CHIRP, speed: float = 1.0) -> Audio:
    """What the server says: a pitch and a loudness for each text and voice, 2 ms a character and at least 40."""
    mark = zlib.crc32(f"{voice} {text}".encode())
    period, loudness = 10 + mark % 150, 2000 + mark // 150 % 20_000
    cycle = [int(loudness * math.sin(2 * math.pi * at / period)) for at in range(period)]
    count = int(RATE * max(0.04, 0.002 * len(text)) / speed)
    cycles = struct.pack(f"<{period}h", *cycle) * (count // period + 1)
    return Audio(cycles[: 2 * count], RATE)


Made = Callable[..., Google]
Warm = Callable[..., Awaitable[Google]]


async def ask(
    engine: Google,
    text: str,
    *,
    voice: str | None = None,
    speed: float = 1.0,
    wanted: Callable[[], bool] = lambda: True,
) -> Answer:
    """The engine's answer to one job that is wanted to the end."""
    [answer] = await engine.synthesise([Job(Utterance(text, voice, speed), wanted)], 0)
    return answer


class Refusal(Exception):  # noqa: N818
    """A google.rpc.Status to answer with."""

    def __init__(self, code: int, message: str, *details: Any) -> None:
        super().__init__(message)
        self.status = status_pb2.Status(code=code, message=message)
        for detail in details:
            self.status.details.add().Pack(detail)


class Page(Exception):  # noqa: N818
    """What a proxy on the way to the REST door answers by itself."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class DripError(Exception):
    """An answer over REST whose bytes come one by one, without end."""


def quota_exceeded(seconds: float | None = None) -> Refusal:
    info = error_details_pb2.ErrorInfo(reason="RATE_LIMIT_EXCEEDED", domain="googleapis.com")
    delay = duration_pb2.Duration()
    delay.FromTimedelta(timedelta(seconds=seconds or 0))
    asked = [error_details_pb2.RetryInfo(retry_delay=delay)] if seconds else []
    message = (
        "Quota exceeded for quota metric 'Chirp3 requests' and limit 'Chirp3 requests per minute' of service "
        "'texttospeech.googleapis.com' for consumer 'project_number:123456789'."
    )
    return Refusal(code_pb2.RESOURCE_EXHAUSTED, message, info, *asked)


def disabled() -> Refusal:
    info = error_details_pb2.ErrorInfo(reason="SERVICE_DISABLED", domain="googleapis.com")
    message = (
        "Cloud Text-to-Speech API has not been used in project 123456789 before or it is disabled. Enable it by "
        "visiting https://console.developers.google.com/apis/api/texttospeech.googleapis.com/overview then retry."
    )
    return Refusal(code_pb2.PERMISSION_DENIED, message, info)


def unavailable() -> Refusal:
    return Refusal(code_pb2.UNAVAILABLE, "The service is currently unavailable.")


@dataclass
class GoogleTts:
    """`script` answers the next requests to speak, one each: a Refusal or Page, bytes of sound, or None to hang."""

    grpc: str = ""
    rest: str = ""
    metadata: str = ""
    key: rsa.RSAPrivateKey = field(default_factory=lambda: a_key("account"))
    script: list[Refusal | Page | DripError | bytes | None] = field(default_factory=list)
    heard: list[tts.SynthesizeSpeechRequest] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    signed_in: list[str] = field(default_factory=list)
    bound: bool = True
    token_requests: int = 0
    alive: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: int = 0
    hanging: int = 0

    @property
    def texts(self) -> list[str]:
        return [request.input.text for request in self.heard]

    @property
    def voices(self) -> list[str]:
        return [request.voice.name for request in self.heard]

    def key_file(self, folder: Path, key: rsa.RSAPrivateKey | None = None) -> Path:
        """A service account's key as Google's console gives it out; with another key, one that was revoked."""
        path = folder / "key.json"
        told = {
            "type": "service_account", "project_id": "local", "private_key_id": "1",
            "private_key": pem(key or self.key).decode(), "client_email": ACCOUNT, "client_id": "1",
            "token_uri": f"https://{self.rest}/token",
        }  # fmt: skip
        path.write_text(json.dumps(told))
        return path

    def signed(self, authorization: str) -> None:
        """Nothing, or the refusal of who did not sign in."""
        token = authorization.removeprefix("Bearer ")
        try:
            who = token if token == METADATA_TOKEN else self._account(token)
        except ValueError:
            raise Refusal(
                code_pb2.UNAUTHENTICATED,
                "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or "
                "other valid authentication credential. See https://developers.google.com/identity/sign-in/web.",
            ) from None
        self.signed_in.append(who)

    def _account(self, token: str) -> str:
        """Whose signed token this is; ValueError when it is nobody's, out of date or for another service."""
        public = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        decode: Callable[..., dict[str, str]] = jwt.decode
        return decode(token, public, audience=AUDIENCE)["sub"]

    async def list_voices(self) -> tts.ListVoicesResponse:
        voices = [
            tts.Voice(
                name=name, language_codes=["-".join(name.split("-")[:2])], natural_sample_rate_hertz=RATE
            )
            for name in VOICES
        ]
        return tts.ListVoicesResponse(voices=voices)

    async def speak(self, request: tts.SynthesizeSpeechRequest) -> tts.SynthesizeSpeechResponse:
        self.heard.append(request)
        self.at.append(asyncio.get_running_loop().time())
        answer = self.script.pop(0) if self.script else b""
        if isinstance(answer, Exception):
            raise answer
        if answer is None:
            await self._hang()
        _obeys_the_rules(request)
        sound = tone(request.input.text, request.voice.name, request.audio_config.speaking_rate or 1.0)
        return tts.SynthesizeSpeechResponse(audio_content=answer or wav.encode(sound))

    async def _hang(self) -> None:
        self.hanging += 1
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.hanging -= 1


def _obeys_the_rules(request: tts.SynthesizeSpeechRequest) -> None:
    text, name = request.input.text, request.voice.name
    if len(text.encode()) > 5000:
        raise _invalid(
            "Either `input.text` or `input.ssml` is longer than the limit of 5000 bytes. This limit is different "
            "from quotas. To fix, reduce the byte length of the characters in this request, or consider using the "
            "Long Audio API: https://cloud.google.com/text-to-speech/docs/create-audio-text-long-audio-synthesis."
        )
    if name not in VOICES:
        raise _invalid(f"Voice '{name}' does not exist. Is it misspelled?")
    if not name.startswith(request.voice.language_code or "?"):
        raise _invalid(
            f"Requested language code '{request.voice.language_code}' doesn't match the voice '{name}'."
        )
    if not 0.25 <= (request.audio_config.speaking_rate or 1.0) <= 2.0:
        raise _invalid("speaking_rate must be in the range [0.25, 2.0].")
    if "Chirp" in name:
        _obeys_chirp(text, request.audio_config)


def _obeys_chirp(text: str, audio: tts.AudioConfig) -> None:
    if audio.pitch:
        raise _invalid("This voice does not support pitch parameters at this time.")
    longest = max(text.split("."), key=len)
    if len(longest) > LONGEST_CHIRP_SENTENCE:
        raise _invalid(
            "This request contains sentences that are too long. Consider splitting up long sentences with sentence "
            f'ending punctuation e.g. periods. Sentence starting with: "{longest.strip()[:5]}" is too long.'
        )


def _invalid(message: str) -> Refusal:
    return Refusal(code_pb2.INVALID_ARGUMENT, message)

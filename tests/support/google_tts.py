"""Google Cloud Text-to-Speech as a test needs it: its rules, its errors and its sign-in.

Every text becomes a tone of its own: `tone(text, voice)` tells whose words were spoken.
"""

import asyncio
import json
import math
import struct
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from google.auth import jwt
from google.cloud import texttospeech_v1 as tts
from google.rpc import code_pb2

from support.google_refusals import DripError, Page, Refusal, invalid, quota_exceeded, unstreamed
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


class Ear(list[Audio]):
    """What a listener was told so far."""

    @property
    def samples(self) -> bytes:
        return b"".join(bit.samples for bit in self)


Made = Callable[..., Google]
Warm = Callable[..., Awaitable[Google]]


async def ask(
    engine: Google,
    text: str,
    *,
    voice: str | None = None,
    speed: float = 1.0,
    wanted: Callable[[], bool] = lambda: True,
    hear: Callable[[Audio], None] | None = None,
) -> Answer:
    """The engine's answer to one job that is wanted to the end."""
    [answer] = await engine.synthesise([Job(Utterance(text, voice, speed), wanted, hear)], 0)
    return answer


@dataclass
class Streamed:
    """An answer to a stream: its `sound`, else the text's, in `messages` that may end in the middle of a sample.

    `before` the message of that number, from 0, an event is waited for, or a refusal ends the stream.
    """

    sound: bytes | None = None
    messages: int = 4
    before: dict[int, asyncio.Event | Refusal] = field(default_factory=dict)


@dataclass
class GoogleTts:
    """`script` answers the next requests to speak, one each: a Refusal or Page, bytes of sound, None to hang, an event
    to wait for, or for a stream what is Streamed.
    """

    grpc: str = ""
    rest: str = ""
    metadata: str = ""
    key: rsa.RSAPrivateKey = field(default_factory=lambda: a_key("account"))
    script: list[Refusal | Page | DripError | Streamed | asyncio.Event | bytes | None] = field(
        default_factory=list
    )
    streams: list[tts.StreamingSynthesizeConfig] = field(default_factory=list)
    sessions: int = 100
    open: int = 0
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
        answer = await self._scripted(request)
        sound = answer if isinstance(answer, bytes) and answer else wav.encode(_said(request))
        return tts.SynthesizeSpeechResponse(audio_content=sound)

    async def stream(
        self, requests: AsyncIterator[tts.StreamingSynthesizeRequest], write: Callable[..., Awaitable[None]]
    ) -> None:
        self.open += 1
        try:
            if self.open > self.sessions:
                raise quota_exceeded()
            await self._stream(requests, write)
        finally:
            self.open -= 1

    async def _stream(
        self, requests: AsyncIterator[tts.StreamingSynthesizeRequest], write: Callable[..., Awaitable[None]]
    ) -> None:
        config = (await anext(requests)).streaming_config
        self.streams.append(config)
        _obeys_streams(config)
        text = "".join([each.input.text async for each in requests])
        if not text:
            return
        request = _whole(config, text)
        scripted = await self._scripted(request)
        answer = scripted if isinstance(scripted, Streamed) else Streamed(scripted or None)
        sound = _said(request).samples if answer.sound is None else answer.sound
        size = len(sound) // answer.messages | 1
        for number in range(answer.messages + 1):
            await self._let(answer.before.get(number))
            await write(
                tts.StreamingSynthesizeResponse(audio_content=sound[number * size : (number + 1) * size])
            )

    async def _let(self, gate: asyncio.Event | Refusal | None) -> None:
        if isinstance(gate, Refusal):
            raise gate
        if gate:
            await self._hang(gate)

    async def _scripted(self, request: tts.SynthesizeSpeechRequest) -> Streamed | bytes:
        self.heard.append(request)
        self.at.append(asyncio.get_running_loop().time())
        answer = self.script.pop(0) if self.script else b""
        if isinstance(answer, Exception):
            raise answer
        if answer is None or isinstance(answer, asyncio.Event):
            await self._hang(answer or asyncio.Event())
            answer = b""
        _obeys_the_rules(request)
        return answer

    async def _hang(self, until: asyncio.Event) -> None:
        self.hanging += 1
        try:
            await until.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.hanging -= 1


def _said(request: tts.SynthesizeSpeechRequest) -> Audio:
    return tone(request.input.text, request.voice.name, request.audio_config.speaking_rate or 1.0)


def _whole(config: tts.StreamingSynthesizeConfig, text: str) -> tts.SynthesizeSpeechRequest:
    audio = tts.AudioConfig(speaking_rate=config.streaming_audio_config.speaking_rate)
    return tts.SynthesizeSpeechRequest(
        input=tts.SynthesisInput(text=text), voice=config.voice, audio_config=audio
    )


def _obeys_streams(config: tts.StreamingSynthesizeConfig) -> None:
    if not config.voice.name:
        raise invalid("The first message must contain a streaming_config.")
    if "-Chirp3-HD-" not in config.voice.name:
        raise unstreamed()
    if config.streaming_audio_config.audio_encoding is not tts.AudioEncoding.PCM:
        raise invalid("Unsupported audio encoding.")
    if config.streaming_audio_config.sample_rate_hertz not in {0, RATE}:
        raise invalid("This server makes streams at 24000 Hz only.")


def _obeys_the_rules(request: tts.SynthesizeSpeechRequest) -> None:
    text, name = request.input.text, request.voice.name
    if len(text.encode()) > 5000:
        raise invalid(
            "Either `input.text` or `input.ssml` is longer than the limit of 5000 bytes. This limit is different "
            "from quotas. To fix, reduce the byte length of the characters in this request, or consider using the "
            "Long Audio API: https://cloud.google.com/text-to-speech/docs/create-audio-text-long-audio-synthesis."
        )
    if name not in VOICES:
        raise invalid(f"Voice '{name}' does not exist. Is it misspelled?")
    if not name.startswith(request.voice.language_code or "?"):
        raise invalid(
            f"Requested language code '{request.voice.language_code}' doesn't match the voice '{name}'."
        )
    if not 0.25 <= (request.audio_config.speaking_rate or 1.0) <= 2.0:
        raise invalid("speaking_rate must be in the range [0.25, 2.0].")
    if "Chirp" in name:
        _obeys_chirp(text, request.audio_config)


def _obeys_chirp(text: str, audio: tts.AudioConfig) -> None:
    if audio.pitch:
        raise invalid("This voice does not support pitch parameters at this time.")
    longest = max(text.split("."), key=len)
    if len(longest) > LONGEST_CHIRP_SENTENCE:
        raise invalid(
            "This request contains sentences that are too long. Consider splitting up long sentences with sentence "
            f'ending punctuation e.g. periods. Sentence starting with: "{longest.strip()[:5]}" is too long.'
        )

"""Google's own client library, over gRPC or REST, behind the three questions that the engine asks.

The library repeats no call and limits none in time unless it is told to: both are the caller's business here.
"""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar

import google.auth
from google.api_core.client_options import ClientOptions
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from google.cloud import texttospeech_v1 as tts
from google.cloud.texttospeech_v1.services.text_to_speech.transports import (
    TextToSpeechGrpcAsyncIOTransport as GrpcTransport,
)
from google.cloud.texttospeech_v1.services.text_to_speech.transports import (
    TextToSpeechRestTransport as RestTransport,
)
from google.oauth2 import service_account
from google.protobuf.json_format import ParseError
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection

from voice_server.engines.google.faults import GarbledError, NotStreamedError, unusable_credentials
from voice_server.engines.google.voices import Voice

T = TypeVar("T")
STREAM_RATE = 24_000
"""Hz: what Google says that a StreamingSynthesizeResponse holds."""
_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
_UNUSABLE = (GoogleAuthError, OSError, ValueError, AttributeError)
"""What the library raises for files that are missing, unreadable, no key, or JSON of another kind."""
_FOREIGN = (ParseError, AttributeError)
"""What it raises for pages, and for JSON without the fields of Google's."""
_LOST_MS = 5_000
"""A connection on which nobody acknowledges for so long what was sent is given up: a router forgot it."""
_PING_MS = 30_000
"""Google's front ends hang up on whoever pings more often: https://github.com/googleapis/java-bigtable/pull/528."""
_RECONNECT_MS = 5_000
"""How long after an outage the next connection is tried, at most; gRPC's own is 120 s."""
_THREADS = 512
"""More requests than Google's usual quotas let out in 25 s, those that nobody waits for any more included: none waits
for a thread while its time runs. A thread or a connection is made when it is needed.
"""


class Transport(StrEnum):
    GRPC = "grpc"
    REST = "rest"


@dataclass(frozen=True, slots=True)
class Speech:
    """What one request asks for: at most 5,000 bytes of text."""

    text: str
    voice: Voice
    speed: float

    def request(self) -> tts.SynthesizeSpeechRequest:
        """LINEAR16 comes as a WAV file. Pitch is never sent and speed only where it was asked for: Chirp voices
        refuse the one, some of the older ones the other.
        """
        audio = tts.AudioConfig(audio_encoding=tts.AudioEncoding.LINEAR16)
        if self.speed != 1.0:
            audio.speaking_rate = self.speed
        return tts.SynthesizeSpeechRequest(
            input=tts.SynthesisInput(text=self.text), voice=self._selection(), audio_config=audio
        )

    async def stream(self) -> AsyncGenerator[tts.StreamingSynthesizeRequest, None]:
        """The same for a stream, which has its settings first. LINEAR16 is refused there; PCM comes without a file."""
        audio = tts.StreamingAudioConfig(audio_encoding=tts.AudioEncoding.PCM, sample_rate_hertz=STREAM_RATE)
        if self.speed != 1.0:
            audio.speaking_rate = self.speed
        settings = tts.StreamingSynthesizeConfig(voice=self._selection(), streaming_audio_config=audio)
        yield tts.StreamingSynthesizeRequest(streaming_config=settings)
        yield tts.StreamingSynthesizeRequest(input=tts.StreamingSynthesisInput(text=self.text))

    def _selection(self) -> tts.VoiceSelectionParams:
        return tts.VoiceSelectionParams(language_code=self.voice.language, name=self.voice.name)


@dataclass(frozen=True, slots=True)
class Api:
    """A connection. What its calls raise is one of `faults.FAULTS`."""

    _list: Callable[..., Awaitable[tts.ListVoicesResponse]]
    _synthesise: Callable[..., Awaitable[tts.SynthesizeSpeechResponse]]
    _stream: Callable[..., Awaitable[AsyncIterable[tts.StreamingSynthesizeResponse]]] | None = None

    @property
    def streams(self) -> bool:
        """Whether speech can be heard while it is made up: over gRPC."""
        return self._stream is not None

    async def voices(self, seconds: float) -> list[Voice]:
        """Every voice that the service knows, in all languages; it may take that many seconds."""
        answer = await self._list(timeout=seconds)
        return [Voice(each.name, each.language_codes[0]) for each in answer.voices if each.language_codes]

    async def speak(self, speech: Speech, seconds: float) -> bytes:
        """A WAV file. Cancelling ends the call itself over gRPC; over REST a thread still waits its time out."""
        answer = await self._synthesise(request=speech.request(), timeout=seconds)
        return bytes(answer.audio_content)

    async def stream(
        self, speech: Speech, first: float, seconds: float, tell: Callable[[bytes], None]
    ) -> bytes:
        """PCM at STREAM_RATE, of which `tell` is told as it comes. The first of it may take `first` seconds and all of
        it `seconds`. Cancelling ends the call itself.
        """
        if self._stream is None:
            raise NotStreamedError("Google streams speech over gRPC only")
        sound = bytearray()
        # The library leaves a call alone that is cancelled while it connects: closed, this one asks for nothing then.
        async with aclosing(speech.stream()) as asked, asyncio.timeout(first) as limit:
            async for answer in await self._stream(requests=asked, timeout=seconds):
                limit.reschedule(None)
                sound += answer.audio_content
                tell(answer.audio_content)
        return bytes(sound)


async def connect(endpoint: str | None, transport: Transport, key: str | None = None) -> Api:
    """A connection to `endpoint`, else to Google's own, with the `key` file's content or without one with what Google's
    library finds in a pod: GOOGLE_APPLICATION_CREDENTIALS, else the metadata server's. CredentialsError.
    """
    options = ClientOptions(api_endpoint=endpoint)
    made = _over_rest if transport is Transport.REST else _over_grpc
    try:
        return made(await asyncio.to_thread(_credentials, key), options)
    except _UNUSABLE as error:
        raise unusable_credentials(str(error)) from error


def _credentials(key: str | None) -> Credentials:
    if key is None:
        return google.auth.default(default_scopes=_SCOPES)[0]
    made: Credentials = service_account.Credentials.from_service_account_info(
        json.loads(key), default_scopes=_SCOPES
    )
    return made


def _over_grpc(credentials: Credentials, options: ClientOptions) -> Api:
    client = tts.TextToSpeechAsyncClient(
        credentials=credentials, client_options=options, transport=partial(GrpcTransport, channel=_channel)
    )
    return Api(client.list_voices, client.synthesize_speech, client.streaming_synthesize)


def _channel(host: str, *, options: Sequence[tuple[str, int]], **arguments: Any) -> Any:
    ours = (
        ("grpc.keepalive_time_ms", _PING_MS),
        ("grpc.keepalive_timeout_ms", _LOST_MS),  # which gRPC makes the socket's TCP_USER_TIMEOUT, too
        ("grpc.max_reconnect_backoff_ms", _RECONNECT_MS),
    )
    return GrpcTransport.create_channel(host, options=[*options, *ours], **arguments)


class _Connections(HTTPAdapter):
    """As many as there are threads, to Google or to a proxy."""

    def __init__(self) -> None:
        super().__init__(pool_maxsize=_THREADS)

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named, socket_options=_watched())

    def proxy_manager_for(self, proxy: str, **named: Any) -> Any:
        return super().proxy_manager_for(proxy, **named, socket_options=_watched())


def _watched() -> list[Any]:
    watch = (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _LOST_MS)
    return [*HTTPConnection.default_socket_options, watch]


class _Rest(RestTransport):
    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._session.mount("https://", _Connections())


def _over_rest(credentials: Credentials, options: ClientOptions) -> Api:
    client = tts.TextToSpeechClient(credentials=credentials, client_options=options, transport=_Rest)
    threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="google-rest")
    return Api(_awaitable(client.list_voices, threads), _awaitable(client.synthesize_speech, threads))


def _awaitable(call: Callable[..., T], threads: ThreadPoolExecutor) -> Callable[..., Awaitable[T]]:
    async def asked(**arguments: Any) -> T:
        work = asyncio.get_running_loop().run_in_executor(threads, partial(_read, call, arguments))
        # The library's own limit holds for each read, not for all of them together.
        return await asyncio.wait_for(work, arguments["timeout"])

    return asked


def _read(call: Callable[..., T], arguments: dict[str, Any]) -> T:
    try:
        return call(**arguments)
    except _FOREIGN as error:
        raise GarbledError(f"the answer is not Google's: {error}") from error

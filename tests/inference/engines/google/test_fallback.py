"""WaveNet speaks where Chirp cannot, and it is counted."""

import asyncio

import pytest
from google.rpc import code_pb2

from support.google_refusals import Refusal, disabled, quota_exceeded, unavailable
from support.google_tts import CHIRP, ENGLISH, WAVENET, GoogleTts, Warm, ask, tone
from support.voice import Clock, until
from voice_server.engines.base import EngineError, OverloadedError, TextError, UnknownVoiceError
from voice_server.engines.google.faults import CredentialsError

TEXT = "O ano é dois mil e vinte e seis."
FALLBACK = {"GOOGLE_FALLBACK_VOICE": WAVENET}
DAMAGED = [b"nothing"]
REFUSED = [quota_exceeded(40)]


async def test_while_chirp_speaks_wavenet_does_not(warm: Warm) -> None:
    engine = await warm(**FALLBACK)

    assert await ask(engine, TEXT) == tone(TEXT, CHIRP)
    assert engine.fallbacks == 0


@pytest.mark.usefixtures("one_try")
@pytest.mark.parametrize("script", [DAMAGED, REFUSED, [unavailable()]])
async def test_wavenet_speaks_where_chirp_fails(
    warm: Warm, google: GoogleTts, transport: str, script: list[Refusal | bytes | None]
) -> None:
    engine = await warm(transport, **FALLBACK)
    google.script = [*script]

    assert await ask(engine, TEXT) == tone(TEXT, WAVENET)
    assert engine.fallbacks == 1


async def test_a_chirp_that_hangs_leaves_half_of_the_time(
    warm: Warm, google: GoogleTts, google_clock: Clock
) -> None:
    engine = await warm("rest", **FALLBACK)
    google.script = [None]
    talk = asyncio.create_task(ask(engine, TEXT))
    await until(lambda: google.hanging, is_=1)
    google_clock.put_forward(30)

    assert await talk == tone(TEXT, WAVENET)
    assert google.voices == [CHIRP, WAVENET]


async def test_a_sentence_that_chirp_finds_too_long_is_wavenet_s(warm: Warm, google: GoogleTts) -> None:
    sentence = ("palavra " * 150).strip()
    engine = await warm(**FALLBACK)

    assert await ask(engine, sentence) == tone(sentence, WAVENET)
    assert google.voices == [CHIRP, WAVENET]


async def test_an_utterance_is_spoken_in_one_voice_from_start_to_end(warm: Warm, google: GoogleTts) -> None:
    engine = await warm(**FALLBACK)
    google.script = [b"", b"nothing"]
    text = "Esta é uma frase. " * 400

    await ask(engine, text)

    assert google.voices == [CHIRP, CHIRP, WAVENET, WAVENET]
    assert engine.fallbacks == 1


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (Refusal(code_pb2.INVALID_ARGUMENT, "No."), TextError),
        (disabled(), CredentialsError),
    ],
)
async def test_what_wavenet_could_not_help_with_is_left_to_the_client(
    warm: Warm, google: GoogleTts, refusal: Refusal, kind: type[EngineError]
) -> None:
    engine = await warm(**FALLBACK)
    google.script = [refusal]

    assert type(await ask(engine, TEXT)) is kind
    assert isinstance(await ask(engine, TEXT, voice="nobody"), UnknownVoiceError)
    assert engine.fallbacks == 0


async def test_another_language_has_no_fallback(warm: Warm, google: GoogleTts) -> None:
    engine = await warm(**FALLBACK)
    google.script = [*DAMAGED]

    assert type(await ask(engine, "Good morning", voice=ENGLISH)) is EngineError
    assert google.voices == [ENGLISH]


async def test_wavenet_has_no_fallback_itself(warm: Warm, google: GoogleTts) -> None:
    engine = await warm(**FALLBACK)
    google.script = [*DAMAGED]

    assert type(await ask(engine, TEXT, voice=WAVENET)) is EngineError
    assert google.voices == [WAVENET]


async def test_when_wavenet_fails_too_its_failure_is_said_and_nothing_counted(
    warm: Warm, google: GoogleTts
) -> None:
    engine = await warm(**FALLBACK)
    google.script = [b"nothing", quota_exceeded(30)]

    assert isinstance(await ask(engine, TEXT), OverloadedError)
    assert engine.fallbacks == 0

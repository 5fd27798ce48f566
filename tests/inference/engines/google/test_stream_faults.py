"""A stream fails: before anything was heard as a whole answer would, afterwards for good."""

import asyncio
import time

import pytest
from google.rpc import code_pb2

from support.google_refusals import Refusal, quota_exceeded, unavailable, unstreamed
from support.google_tts import WAVENET, Ear, GoogleTts, Streamed, Warm, ask, tone
from support.google_wire import wire
from support.voice import Clock, until
from voice_server.engines.base import EngineError, OverloadedError, TextError
from voice_server.engines.google.faults import LateError

TEXT = "O ano é dois mil e vinte e seis."
LONG = "Esta é uma frase. " * 400
FALLBACK = {"GOOGLE_FALLBACK_VOICE": WAVENET}


@pytest.mark.parametrize("failure", [unavailable(), quota_exceeded(0.3)])
async def test_a_stream_of_which_nothing_was_heard_is_begun_again(
    warm: Warm, google: GoogleTts, ear: Ear, failure: Refusal
) -> None:
    engine = await warm()
    google.script = [failure, Streamed(bytes(4000), before={2: failure})]

    assert await ask(engine, TEXT, hear=ear.append) == tone(TEXT)
    assert ear.samples == tone(TEXT).samples
    assert google.texts == [TEXT] * 3


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (unavailable(), EngineError),
        (quota_exceeded(0.3), OverloadedError),
        (unstreamed(), EngineError),
        (Refusal(code_pb2.INVALID_ARGUMENT, "No."), TextError),
    ],
)
async def test_what_was_heard_is_begun_by_nobody_again(
    warm: Warm, google: GoogleTts, ear: Ear, failure: Refusal, kind: type[EngineError]
) -> None:
    engine = await warm(**FALLBACK)
    google.script = [Streamed(before={2: failure})]

    assert isinstance(await ask(engine, TEXT, hear=ear.append), kind)
    assert tone(TEXT).samples.startswith(ear.samples)
    assert len(ear) == 2
    assert google.texts == [TEXT]
    assert engine.fallbacks == 0


async def test_a_connection_that_is_reset_while_somebody_listens_is_the_end_of_it(
    warm: Warm, google: GoogleTts, ear: Ear
) -> None:
    async with wire(google.grpc) as line:
        engine = await warm(GOOGLE_TTS_ENDPOINT=line.address)
        google.script = [Streamed(before={2: asyncio.Event()})]
        talk = asyncio.create_task(ask(engine, TEXT, hear=ear.append))
        await until(lambda: len(ear), is_=2)
        line.cut()

        assert type(await talk) is EngineError
    assert google.texts == [TEXT]


@pytest.mark.parametrize(
    ("sound", "reason"),
    [(b"", "no sound"), (bytes(4800), "silent from start to end"), (b"\1", "middle of a sample")],
)
async def test_a_stream_without_a_sound_is_no_speech(
    warm: Warm, google: GoogleTts, ear: Ear, sound: bytes, reason: str
) -> None:
    engine = await warm()
    google.script = [Streamed(sound)]

    answer = await ask(engine, TEXT, hear=ear.append)

    assert type(answer) is EngineError
    assert str(answer).startswith("Google sent sound that cannot be used: ")
    assert reason in str(answer)
    assert ear == []


async def test_two_torn_pieces_do_not_make_a_whole_one(warm: Warm, google: GoogleTts, ear: Ear) -> None:
    engine = await warm()
    google.script = [Streamed(b"\1\2\3"), Streamed(b"\4\5\6")]

    assert "middle of a sample" in str(await ask(engine, LONG, hear=ear.append))


@pytest.mark.parametrize("answer", [Streamed(bytes(4800)), quota_exceeded(40)])
async def test_where_nothing_was_heard_the_fallback_voice_speaks(
    warm: Warm, google: GoogleTts, ear: Ear, answer: Streamed | Refusal
) -> None:
    engine = await warm(**FALLBACK)
    google.script = [answer]

    assert await ask(engine, TEXT, hear=ear.append) == tone(TEXT, WAVENET)
    assert ear == []
    assert engine.fallbacks == 1


async def test_a_stream_that_does_not_begin_has_all_of_the_time_and_is_not_begun_again(
    warm: Warm, google: GoogleTts, ear: Ear, google_clock: Clock
) -> None:
    engine = await warm()
    google.script = [None]
    talk = asyncio.create_task(ask(engine, TEXT, hear=ear.append))
    await until(lambda: google.hanging, is_=1)
    google_clock.put_forward(60)

    assert isinstance(await talk, LateError)
    assert google.texts == [TEXT]


async def test_it_leaves_half_of_the_time_to_a_fallback_voice(
    warm: Warm, google: GoogleTts, ear: Ear, google_clock: Clock
) -> None:
    engine = await warm(**FALLBACK)
    google.script = [None]
    talk = asyncio.create_task(ask(engine, TEXT, hear=ear.append))
    await until(lambda: google.hanging, is_=1)
    google_clock.put_forward(30)

    assert await talk == tone(TEXT, WAVENET)
    assert google.texts == [TEXT] * 2


async def test_one_that_has_begun_has_all_of_the_time_even_a_fallback_s(
    warm: Warm, google: GoogleTts, ear: Ear, google_clock: Clock
) -> None:
    engine, end = await warm(**FALLBACK), asyncio.Event()
    google.script = [Streamed(before={2: end})]
    talk = asyncio.create_task(ask(engine, TEXT, hear=ear.append))
    await until(lambda: len(ear), is_=2)
    google_clock.put_forward(40)
    end.set()

    assert await talk == tone(TEXT)


async def test_and_no_more_than_that(warm: Warm, google: GoogleTts, ear: Ear) -> None:
    engine = await warm(VOICE_SYNTHESIS_TIMEOUT_SECONDS="4")
    google.script = [Streamed(before={2: asyncio.Event()})]
    began = time.monotonic()

    assert isinstance(await ask(engine, TEXT, hear=ear.append), LateError)
    assert time.monotonic() - began < 20, "where no deadline is kept it never ends"
    assert google.texts == [TEXT]


async def test_a_session_too_many_at_google_s_is_an_overload_as_any_other(
    warm: Warm, google: GoogleTts, ear: Ear
) -> None:
    engine = await warm(VOICE_QUEUE_SECONDS="1")
    google.sessions = 0

    assert isinstance(await ask(engine, TEXT, hear=ear.append), OverloadedError)

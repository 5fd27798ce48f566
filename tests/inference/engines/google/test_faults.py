"""Google refuses, fails, hangs, hangs up and sends nonsense."""

import asyncio
import re
import time
from itertools import pairwise

import pytest
from google.rpc import code_pb2

from support.google_refusals import DripError, Page, Refusal, disabled, unavailable
from support.google_tts import CHIRP, GoogleTts, Warm, ask, tone
from support.google_wire import wire
from support.voice import until
from voice_server.audio import wav
from voice_server.audio.pcm import Audio
from voice_server.engine.refusals import refusal_for
from voice_server.engines.base import EngineError, TextError, UnknownVoiceError
from voice_server.engines.google.faults import CredentialsError, LateError, SentenceError

TEXT = "O ano é dois mil e vinte e seis."
LONG_SENTENCE = "palavra " * 150
UNLIMITED = 20
"""Seconds: less than where no deadline is kept, and time enough for a busy machine to keep one of 2."""


def refusal(code: int) -> Refusal:
    return Refusal(code, "Something happened.")


@pytest.mark.parametrize("code", [code_pb2.UNAVAILABLE, code_pb2.INTERNAL, code_pb2.DEADLINE_EXCEEDED])
async def test_what_may_pass_is_tried_again(warm: Warm, google: GoogleTts, transport: str, code: int) -> None:
    engine = await warm(transport)
    google.script = [refusal(code), refusal(code)]

    assert await ask(engine, TEXT) == tone(TEXT)
    assert google.texts == [TEXT] * 3


async def test_pauses_grow(warm: Warm, google: GoogleTts) -> None:
    engine = await warm()
    google.script = [unavailable() for _ in range(3)]

    assert await ask(engine, TEXT) == tone(TEXT)
    first, second, third = (after - before for before, after in pairwise(google.at))
    assert first >= 0.125
    assert second >= 0.25
    assert third >= 0.5


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (refusal(code_pb2.INVALID_ARGUMENT), TextError, "Google refused the request: Something happened."),
        (refusal(code_pb2.PERMISSION_DENIED), CredentialsError, "let it use texttospeech.googleapis.com"),
        (refusal(code_pb2.NOT_FOUND), EngineError, "GOOGLE_TTS_ENDPOINT: no Text-to-Speech answers there"),
        (disabled(), CredentialsError, "enable texttospeech.googleapis.com in the project"),
        (
            Refusal(code_pb2.INVALID_ARGUMENT, f"Voice '{CHIRP}' does not exist. Is it misspelled?"),
            UnknownVoiceError,
            f"Voice '{CHIRP}' does not exist",
        ),
    ],
)
async def test_what_cannot_pass_is_asked_once(
    warm: Warm, google: GoogleTts, transport: str, answer: Refusal, kind: type[EngineError], message: str
) -> None:
    engine = await warm(transport)
    google.script = [answer]

    heard = await ask(engine, TEXT)

    assert type(heard) is kind
    assert message in str(heard)
    assert "https://localhost" not in str(heard)
    assert google.texts == [TEXT]


async def test_a_sentence_too_long_for_chirp_is_the_author_s_to_split(
    warm: Warm, google: GoogleTts, transport: str
) -> None:
    answer = await ask(await warm(transport), LONG_SENTENCE)

    assert type(answer) is SentenceError
    assert isinstance(answer, TextError)
    assert "Consider splitting up long sentences with sentence ending punctuation" in str(answer)


@pytest.mark.usefixtures("few_tries")
async def test_after_the_deadline_nothing_is_tried_again(
    warm: Warm, google: GoogleTts, transport: str
) -> None:
    engine = await warm(transport)
    google.script = [unavailable() for _ in range(20)]

    answer = await ask(engine, TEXT)

    assert type(answer) is EngineError
    assert "ServiceUnavailable: The service is currently unavailable." in str(answer)
    assert len(google.heard) < 5


async def test_a_call_that_hangs_is_left_at_the_deadline_and_sent_once(
    warm: Warm, google: GoogleTts, transport: str
) -> None:
    engine = await warm(transport, VOICE_SYNTHESIS_TIMEOUT_SECONDS="5")
    google.script = [None] * 5

    answer = await ask(engine, TEXT)

    assert isinstance(answer, LateError)
    assert refusal_for(answer).status == 504
    assert google.texts == [TEXT]


async def test_an_answer_that_never_ends_is_left_at_the_deadline(warm: Warm, google: GoogleTts) -> None:
    engine = await warm("rest", VOICE_SYNTHESIS_TIMEOUT_SECONDS="2")
    google.script = [DripError()]
    began = time.monotonic()

    assert isinstance(await ask(engine, TEXT), LateError)
    assert time.monotonic() - began < UNLIMITED


async def test_a_connection_that_a_router_forgot_does_not_use_up_the_time(
    warm: Warm, google: GoogleTts, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voice_server.engines.google.api._LOST_MS", 300)
    async with wire(getattr(google, transport)) as line:
        engine = await warm(transport, GOOGLE_TTS_ENDPOINT=line.address)
        line.forget()

        assert await ask(engine, TEXT) == tone(TEXT)
    assert google.texts == [TEXT]


async def test_a_connection_that_is_reset_in_the_middle_of_a_call_is_made_anew(
    warm: Warm, google: GoogleTts, transport: str
) -> None:
    async with wire(getattr(google, transport)) as line:
        engine = await warm(transport, GOOGLE_TTS_ENDPOINT=line.address)
        google.script = [None]
        talk = asyncio.create_task(ask(engine, TEXT))
        await until(lambda: google.hanging, is_=1)
        line.cut()

        assert await talk == tone(TEXT)


@pytest.mark.usefixtures("few_tries")
async def test_where_nobody_listens_the_reason_is_said(warm: Warm, google: GoogleTts, transport: str) -> None:
    async with wire(getattr(google, transport)) as line:
        engine = await warm(transport, GOOGLE_TTS_ENDPOINT=line.address)

    await ask(engine, "Um")  # may still meet the end of the connection that there was
    answer = await ask(engine, TEXT)

    assert type(answer) is EngineError
    assert re.search("refused|connect", str(answer))


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (Page(200, "<html>Please sign in to the guest network</html>"), "the answer is not Google's"),
        (Page(403, '{"error": "blocked by policy"}'), "the answer is not Google's"),
        (Page(403, "<html>blocked by policy</html>"), "blocked by policy"),
        (Page(404, "<html>no such page</html>"), "GOOGLE_TTS_ENDPOINT: .*no such page"),
    ],
)
async def test_a_proxy_s_page_is_no_answer_of_google_s(
    warm: Warm, google: GoogleTts, page: Page, reason: str
) -> None:
    engine = await warm("rest")
    google.script = [page]

    answer = await ask(engine, TEXT)

    assert isinstance(answer, EngineError)
    assert re.search(reason, str(answer))


async def test_a_load_balancer_s_page_is_tried_again(warm: Warm, google: GoogleTts) -> None:
    engine = await warm("rest")
    google.script = [Page(502, "<html>That's an error.</html>"), Page(503, "<html>Try later.</html>")]

    assert await ask(engine, TEXT) == tone(TEXT)


@pytest.mark.parametrize(
    ("sound", "reason"),
    [
        (b"ID3 not a WAV file", "not a WAV file"),
        (wav.encode(tone(TEXT))[:-100], "cut short"),
        (wav.encode(Audio(b"", 24_000)), "no sound"),
        (wav.encode(Audio(bytes(4800), 24_000)), "silent"),
        (wav.encode(Audio(tone(TEXT).samples[:-1], 24_000)), "middle of a sample"),
    ],
)
async def test_sound_that_cannot_be_used_is_no_speech(
    warm: Warm, google: GoogleTts, transport: str, sound: bytes, reason: str
) -> None:
    engine = await warm(transport)
    google.script = [sound]

    answer = await ask(engine, TEXT)

    assert type(answer) is EngineError
    assert re.search(f"^Google sent sound that cannot be used: .*{reason}", str(answer))


async def test_pieces_of_different_rates_are_not_joined(warm: Warm, google: GoogleTts) -> None:
    engine = await warm()
    google.script = [wav.encode(Audio(tone(TEXT).samples, 16_000))]

    answer = await ask(engine, "Esta é uma frase. " * 400)

    assert "differ in their sample rates: [16000, 24000] Hz" in str(answer)


async def test_the_first_piece_that_fails_ends_the_others(warm: Warm, google: GoogleTts) -> None:
    engine = await warm()
    google.script = [None, refusal(code_pb2.INVALID_ARGUMENT)]

    assert isinstance(await ask(engine, "Esta é uma frase. " * 400), TextError)
    await until(lambda: google.cancelled, is_=1)
    assert len(google.heard) == 2

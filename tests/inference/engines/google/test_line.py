"""The way to Google through its quota: how long one waits there, and what happens when nobody does any more."""

import asyncio
import re
import time

import pytest
from google.api_core.exceptions import DeadlineExceeded
from requests.exceptions import ReadTimeout

from support.google_refusals import quota_exceeded
from support.google_tts import GoogleTts, Warm, ask, tone
from support.voice import Clock, until
from voice_server.audio.pcm import Audio
from voice_server.engine.refusals import refusal_for
from voice_server.engines.base import OverloadedError
from voice_server.engines.google.api import Api, Speech
from voice_server.engines.google.faults import LateError
from voice_server.engines.google.line import Line
from voice_server.engines.google.quota import Bucket
from voice_server.engines.google.voices import Family

TEXT = "O ano é dois mil e vinte e seis."


async def test_a_refused_request_waits_as_long_as_it_is_asked_to(
    warm: Warm, google: GoogleTts, transport: str
) -> None:
    engine = await warm(transport)
    google.script = [quota_exceeded(0.8)]

    assert await ask(engine, TEXT) == tone(TEXT)
    assert google.at[1] - google.at[0] >= 0.8


async def test_it_holds_the_others_back_too(warm: Warm, google: GoogleTts) -> None:
    engine = await warm()
    google.script = [quota_exceeded(0.8)]
    first = asyncio.create_task(ask(engine, "Um"))
    await until(lambda: len(google.heard), is_=1)
    await until(lambda: engine._lines[Family.CHIRP3]._bucket.tokens, is_=0.0)

    assert await ask(engine, "Dois") == tone("Dois")
    assert await first == tone("Um")
    assert google.at[1] - google.at[0] >= 0.8


async def test_a_wait_beyond_the_deadline_is_an_overload_that_says_when_to_come_back(
    warm: Warm, google: GoogleTts, transport: str
) -> None:
    engine = await warm(transport)
    google.script = [quota_exceeded(400)]

    answers = [await ask(engine, "Um"), await ask(engine, "Dois")]

    for answer in answers:
        assert isinstance(answer, OverloadedError)
        assert 350 < answer.retry_after < 401, "nobody waited for it"
        assert re.search(
            r"quota of Google's voices Chirp3-HD is used up, 200 requests a minute.* try again in (3\d\d|400) s",
            str(answer),
        )
    assert google.texts == ["Um"]


@pytest.mark.usefixtures("one_try")
async def test_without_a_word_on_when_it_is_five_seconds(warm: Warm, google: GoogleTts) -> None:
    engine = await warm()
    google.script = [quota_exceeded()]

    answer = await ask(engine, TEXT)

    assert isinstance(answer, OverloadedError)
    assert 4 < answer.retry_after < 6


async def test_our_own_quota_is_kept_before_google_s_is_hit(warm: Warm, google: GoogleTts) -> None:
    engine = await warm(GOOGLE_QUOTA_PER_MINUTE="60", VOICE_QUEUE_SECONDS="1.5")

    asked = [ask(engine, f"Texto {number}") for number in range(20)]
    answers = [await answer for answer in asyncio.as_completed(asked)]

    spoken = [answer for answer in answers if isinstance(answer, Audio)]
    refused = [answer for answer in answers if isinstance(answer, OverloadedError)]
    assert len(spoken) + len(refused) == 20
    assert 5 <= len(spoken) == len(google.heard) <= 9
    assert all(0.0 < answer.retry_after < 16 for answer in refused)
    assert isinstance(answers[0], OverloadedError), "who would wait too long is told at once"


async def test_those_who_wait_are_served_in_the_order_they_came(
    warm: Warm, google: GoogleTts, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = await warm(GOOGLE_QUOTA_PER_MINUTE="300")
    google.script = [quota_exceeded(0.2)]
    await ask(engine, "primeiro")
    texts, served, speak = [f"Texto {number}" for number in range(6)], list[str](), Api.speak

    async def serve(api: Api, speech: Speech, seconds: float) -> bytes:
        served.append(speech.text)
        return await speak(api, speech, seconds)

    monkeypatch.setattr(Api, "speak", serve)
    await asyncio.gather(*(ask(engine, text) for text in texts))

    assert served == texts


async def test_another_family_has_a_quota_of_its_own(warm: Warm, google: GoogleTts) -> None:
    engine = await warm()
    google.script = [quota_exceeded(40)]

    assert isinstance(await ask(engine, TEXT), OverloadedError)
    assert await ask(engine, TEXT, voice="pt-BR-Wavenet-A") == tone(TEXT, "pt-BR-Wavenet-A")


async def test_as_many_texts_as_the_engine_takes_are_asked_for_at_once_with_all_their_pieces(
    warm: Warm, google: GoogleTts, transport: str, caplog: pytest.LogCaptureFixture
) -> None:
    engine, end = await warm(transport, GOOGLE_QUOTA_PER_MINUTE="10000"), asyncio.Event()
    google.script = [end for _ in range(2 * engine.parallel)]
    texts = [f"Texto {number}. " + "Esta é uma frase. " * 300 for number in range(engine.parallel)]
    talks = [asyncio.create_task(ask(engine, text)) for text in texts]
    await until(lambda: google.hanging, is_=2 * engine.parallel)
    end.set()

    assert all(isinstance(answer, Audio) for answer in await asyncio.gather(*talks))
    assert len(google.heard) == 2 * engine.parallel
    assert "pool is full" not in caplog.text


async def test_those_that_nobody_waits_for_any_more_keep_nobody_waiting(
    warm: Warm, google: GoogleTts, transport: str
) -> None:
    engine = await warm(transport, GOOGLE_QUOTA_PER_MINUTE="10000")
    google.script = [None] * 100
    gone = [ask(engine, f"Texto {number}", wanted=lambda: len(google.heard) < 100) for number in range(100)]

    assert await asyncio.gather(*gone) == [None] * 100
    assert await ask(engine, TEXT) == tone(TEXT)


async def test_a_call_has_all_the_time_that_is_left(google_clock: Clock) -> None:
    given: list[float] = []

    async def call(seconds: float) -> None:
        given.append(seconds)

    await Line(Family.CHIRP3, per_minute=60).ask(call, google_clock() + 25, patience=8)

    assert given == [pytest.approx(25, abs=1)]


@pytest.mark.parametrize("fault", [TimeoutError(), DeadlineExceeded("Deadline Exceeded"), ReadTimeout()])
async def test_what_ended_at_our_own_limit_is_sent_once_and_ends_as_a_time_out(
    google_clock: Clock, fault: Exception
) -> None:
    given: list[float] = []

    async def call(seconds: float) -> None:
        given.append(seconds)
        google_clock.put_forward(seconds)
        raise fault

    with pytest.raises(LateError) as late:
        await Line(Family.CHIRP3, per_minute=60).ask(call, google_clock() + 25, patience=8)

    assert len(given) == 1
    assert refusal_for(late.value).status == 504


async def test_a_call_that_nobody_wants_any_more_is_cancelled_at_google_s(
    warm: Warm, google: GoogleTts
) -> None:
    engine = await warm()
    google.script = [None]
    talk = asyncio.create_task(ask(engine, TEXT, wanted=lambda: not google.hanging))

    assert await talk is None
    await until(lambda: google.cancelled, is_=1)


async def test_over_rest_it_is_left_alone(warm: Warm, google: GoogleTts) -> None:
    engine = await warm("rest")
    google.script = [None]
    began = time.monotonic()

    assert await ask(engine, TEXT, wanted=lambda: not google.hanging) is None
    assert time.monotonic() - began < 30, "the call itself has 60 s"


async def test_a_cancelled_engine_cancels_its_calls(warm: Warm, google: GoogleTts) -> None:
    engine = await warm()
    google.script = [None]
    talk = asyncio.create_task(ask(engine, TEXT))
    await until(lambda: google.hanging, is_=1)
    talk.cancel()

    with pytest.raises(asyncio.CancelledError):
        await talk
    await until(lambda: google.cancelled, is_=1)


async def test_who_left_while_waiting_for_the_quota_has_used_none_of_it(
    warm: Warm, google: GoogleTts, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = await warm()
    line, taken, take = engine._lines[Family.CHIRP3], list[float](), Bucket.taken
    monkeypatch.setattr(Bucket, "taken", lambda bucket, now: taken.append(now) or take(bucket, now))
    line._bucket = line._bucket.emptied(time.monotonic(), 1.0)

    leaving = ask(engine, "foi embora", wanted=lambda: not line._waiting)
    left, stayed = await asyncio.gather(leaving, ask(engine, "ficou"))

    assert left is None
    assert stayed == tone("ficou")
    assert (google.texts, len(taken)) == (["ficou"], 1)

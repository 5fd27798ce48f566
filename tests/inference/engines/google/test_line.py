"""The way to Google through its quota: how long one waits there, and what happens when nobody does any more."""

import asyncio
import re
import time

import pytest

from support.google_refusals import quota_exceeded
from support.google_tts import GoogleTts, Warm, ask, tone
from support.voice import until
from voice_server.audio.pcm import Audio
from voice_server.engines.base import OverloadedError
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
    google.script = [quota_exceeded(40)]
    began = time.monotonic()

    answers = [await ask(engine, "Um"), await ask(engine, "Dois")]

    for answer in answers:
        assert isinstance(answer, OverloadedError)
        assert 35 < answer.retry_after < 41
        assert re.search(
            "quota of Google's voices Chirp3-HD is used up, 200 requests a minute.* try again in (3[6-9]|40) s",
            str(answer),
        )
    assert google.texts == ["Um"]
    assert time.monotonic() - began < 2


async def test_without_a_word_on_when_it_is_five_seconds(warm: Warm, google: GoogleTts) -> None:
    engine = await warm(VOICE_SYNTHESIS_TIMEOUT_SECONDS="3")
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
    assert all(1.0 < answer.retry_after < 16 for answer in refused)
    assert isinstance(answers[0], OverloadedError), "who would wait too long is told at once"


async def test_those_who_wait_are_served_in_the_order_they_came(warm: Warm, google: GoogleTts) -> None:
    engine = await warm(GOOGLE_QUOTA_PER_MINUTE="300")
    google.script = [quota_exceeded(0.2)]
    await ask(engine, "primeiro")
    texts = [f"Texto {number}" for number in range(6)]

    await asyncio.gather(*(ask(engine, text) for text in texts))

    assert google.texts[2:] == texts


async def test_another_family_has_a_quota_of_its_own(warm: Warm, google: GoogleTts) -> None:
    engine = await warm()
    google.script = [quota_exceeded(40)]

    assert isinstance(await ask(engine, TEXT), OverloadedError)
    assert await ask(engine, TEXT, voice="pt-BR-Wavenet-A") == tone(TEXT, "pt-BR-Wavenet-A")


async def test_a_call_that_nobody_wants_any_more_is_cancelled_at_google_s(
    warm: Warm, google: GoogleTts
) -> None:
    engine = await warm()
    google.script = [None]
    talk = asyncio.create_task(ask(engine, TEXT, wanted=lambda: not google.hanging))

    assert await talk is None
    await until(lambda: google.cancelled, is_=1)


async def test_over_rest_it_is_left_alone(warm: Warm, google: GoogleTts) -> None:
    engine = await warm("rest", VOICE_SYNTHESIS_TIMEOUT_SECONDS="4")
    google.script = [None]
    began = time.monotonic()

    assert await ask(engine, TEXT, wanted=lambda: not google.hanging) is None
    assert time.monotonic() - began < 3


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
    warm: Warm, google: GoogleTts
) -> None:
    engine = await warm(GOOGLE_QUOTA_PER_MINUTE="60")
    google.script = [quota_exceeded(0.1)]
    await ask(engine, "primeiro")

    line = engine._lines[Family.CHIRP3]

    leaving = ask(engine, "foi embora", wanted=lambda: not line._waiting)
    left, stayed = await asyncio.gather(leaving, ask(engine, "ficou"))

    assert left is None
    assert stayed == tone("ficou")
    assert "foi embora" not in google.texts
    assert google.at[2] - google.at[1] < 2.0

"""What the quota has to do with becoming ready, and with having to prove so again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from support.google_tts import CHIRP, ENGLISH, WAVENET, GoogleTts, Made, Warm, ask, tone
from support.google_wire import a_key
from support.voice import Clock, until
from support.workers import running
from voice_server import metrics
from voice_server.engine.line import Limits
from voice_server.engine.metrics import EngineMetrics
from voice_server.engine.worker import Worker
from voice_server.engines.base import EngineError, OverloadedError, Utterance
from voice_server.engines.google import Google
from voice_server.engines.google.faults import CredentialsError
from voice_server.engines.google.line import Line
from voice_server.engines.google.voices import Family

TEXT = "O ano é dois mil e vinte e seis."
WARM_UP = 300
LONG_ENOUGH = 10_000
"""Seconds of a clock that is put forward."""


@asynccontextmanager
async def ready(engine: Google, clock: Clock, tokens: Callable[[], bool]) -> AsyncIterator[Worker]:
    limits = Limits(line=100, wait=8, timeout=60, warm_up=WARM_UP)
    known = Worker(engine, limits, EngineMetrics(metrics.new_registry(), "", ""), clock)
    async with running(known):
        await until(lambda: tokens() and known.ready, within=LONG_ENOUGH)
        yield known


def awaited_by(clock: Clock, line: Line) -> Callable[[], bool]:
    """Lets time pass until the quota of that line lets a request leave."""

    def pass_by() -> bool:
        clock.put_forward(line._bucket.delay(clock()))
        return True

    return pass_by


@pytest.mark.parametrize("voice", [CHIRP, WAVENET])
async def test_one_request_a_minute_is_enough_to_become_ready_in_time(
    engine: Made, google: GoogleTts, google_clock: Clock, voice: str
) -> None:
    made, began = engine(GOOGLE_VOICE=voice, GOOGLE_QUOTA_PER_MINUTE="1"), google_clock()

    async with ready(made, google_clock, awaited_by(google_clock, made._lines[Family.of(voice)])) as known:
        assert google_clock() - began < WARM_UP
        assert known.alive
    assert len(google.heard) == 2


async def test_who_proves_itself_again_while_the_quota_is_used_up_stays_ready(
    engine: Made, google: GoogleTts, google_clock: Clock
) -> None:
    made = engine(GOOGLE_QUOTA_PER_MINUTE="5")
    line = made._lines[Family.CHIRP3]
    tokens = awaited_by(google_clock, line)

    async with ready(made, google_clock, tokens) as known:
        google.script = [b"damaged"] * 5
        for _ in google.script[:]:
            tokens()
            with pytest.raises(EngineError):
                await known.speak(Utterance(TEXT))
        await until(lambda: line._waiting, is_=1)
        assert known.ready
        tokens()
        await until(lambda: known._failures, is_=0)
        assert known.ready
    assert google.texts[-2:] == [TEXT, "Um, dois, três, quatro, cinco."]


async def test_what_proves_it_waits_for_the_quota_longer_than_a_text(
    warm: Warm, google: GoogleTts, google_clock: Clock
) -> None:
    engine = await warm()
    line = engine._lines[Family.CHIRP3]
    line._bucket = line._bucket.emptied(google_clock(), 40)
    await engine.warm_up()

    proof = asyncio.create_task(ask(engine, TEXT))
    await until(lambda: line._waiting, is_=1)
    assert isinstance(await ask(engine, "Dois"), OverloadedError)
    google_clock.put_forward(40)

    assert await proof == tone(TEXT)
    assert google.texts == [TEXT]


async def test_the_first_sentence_is_in_the_language_of_the_voice(engine: Made, google: GoogleTts) -> None:
    await engine(GOOGLE_VOICE=ENGLISH).warm_up()

    assert google.texts == ["One, two, three."]


async def test_a_key_that_is_refused_later_is_read_anew_by_who_proves_itself_again(
    warm: Warm, google: GoogleTts, tmp_path: Path
) -> None:
    engine = await warm()
    google.key = a_key("successor")
    google.key_file(tmp_path)

    assert isinstance(await ask(engine, TEXT), CredentialsError)
    with pytest.raises(CredentialsError):
        await engine.warm_up()
    await engine.warm_up()
    assert await ask(engine, TEXT) == tone(TEXT)

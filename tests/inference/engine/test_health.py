"""Whether a worker is ready and alive, and what it makes of failures."""

import asyncio

import pytest

from support.engines import ToneEngine, sound_of
from support.voice import until
from support.workers import new_worker, outcomes, ready, running, say
from voice_server.engine import worker
from voice_server.engine.worker import HANG_GRACE, SUSPECT_AFTER, WarmingError
from voice_server.engines.base import (
    DeviceLostError,
    EngineError,
    OutOfMemoryError,
    OverloadedError,
    UnusableVoiceError,
    Utterance,
)
from voice_server.engines.sentences import counting


class LateError(TimeoutError, EngineError):
    """What an engine answers that gave up a text by its own clock."""


async def test_it_is_ready_once_it_has_spoken_and_refuses_before() -> None:
    engine = ToneEngine()
    engine.allowed.clear()
    async with running(new_worker(engine)) as known:
        await until(lambda: engine.batches, is_=[[counting("pt-BR", 5)]])
        before = known.ready
        with pytest.raises(WarmingError):
            await known.speak(Utterance("early"))
        engine.allowed.set()
        await until(lambda: known.ready)
        await known.speak(Utterance("late"))

    assert not before


async def test_texts_that_break_it_never_take_it_away_from_others() -> None:
    engine = ToneEngine()
    async with ready(engine) as known:
        for _ in range(2 * SUSPECT_AFTER):
            with pytest.raises(EngineError):
                await known.speak(Utterance("fail"))
        await until(lambda: engine.warmed >= 2)

        assert known.ready


async def test_an_ill_engine_becomes_unready_and_ready_again_when_it_is_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "RECHECK", 0.01)
    engine = ToneEngine()
    async with ready(engine) as known:
        engine.ill = True
        await outcomes(*(say(known, "anything") for _ in range(SUSPECT_AFTER)))
        await until(lambda: known.ready, is_=False)
        engine.ill = False
        await until(lambda: known.ready)


@pytest.mark.parametrize(
    "texts",
    [
        ["fail"] * (SUSPECT_AFTER - 1) + ["fine"],
        ["late"] * (SUSPECT_AFTER - 1) + ["fine"],
        ["mute"] * SUSPECT_AFTER,
        ["busy"] * SUSPECT_AFTER,
    ],
    ids=[
        "a success between",
        "a success after some that came too late",
        "texts nobody could speak",
        "a busy provider",
    ],
)
async def test_some_failures_raise_no_suspicion(texts: list[str]) -> None:
    engine = ToneEngine(faults={"busy": lambda: OverloadedError("quota", 3)}, answers={"late": LateError})
    async with ready(engine) as known:
        for text in texts * 3:
            await outcomes(say(known, text))

    assert engine.warmed == 1


async def test_a_provider_that_is_too_busy_for_the_engine_to_prove_itself_proves_nothing() -> None:
    engine = ToneEngine()
    async with ready(engine) as known:
        engine.faults[counting("pt-BR", 5)] = lambda: OverloadedError("quota", 3)
        for _ in range(SUSPECT_AFTER):
            await outcomes(say(known, "fail"))
        await until(lambda: engine.warmed, is_=2)
        await until(lambda: engine.busy, is_=0)

        assert known.ready
        assert (await say(known, "fine")).audio == sound_of("fine")


async def test_a_voice_that_cannot_be_used_raises_suspicion_only_where_it_is_the_engines_own() -> None:
    engine = ToneEngine(answers={"silence": lambda: UnusableVoiceError("ana.wav: nobody speaks")})
    async with ready(engine) as known:
        for voice, expected in (("ana", UnusableVoiceError), (None, EngineError)):
            engine.warmed = 1
            for _ in range(SUSPECT_AFTER):
                with pytest.raises(EngineError) as told:
                    await known.speak(Utterance("silence", voice))
                assert type(told.value) is expected
            await until(lambda: engine.warmed, is_=1 if voice else 2)


async def test_an_engine_that_cannot_be_stopped_fails_liveness() -> None:
    engine = ToneEngine()
    async with ready(engine, timeout=30) as known:
        engine.allowed.clear()
        saying = say(known, "a")
        await until(lambda: engine.busy)
        alive = [known.alive]
        engine.clock.now += 30 + HANG_GRACE + 1
        alive.append(known.alive)
        engine.allowed.set()
        await until(lambda: engine.busy, is_=0)
        await until(lambda: known.alive)
        saying.cancel()

    assert alive == [True, False]


async def test_requests_survive_a_lack_of_memory_that_less_at_a_time_cures() -> None:
    engine = ToneEngine(largest_batch=4)
    async with ready(engine) as known:
        engine.fits = 7
        saying = [say(known, f"text {number}") for number in range(4)]

        assert [each.audio for each in await asyncio.gather(*saying)] == [
            sound_of(f"text {number}") for number in range(4)
        ]
        assert known.ready


async def test_without_any_memory_left_it_is_unready_until_it_has_spoken_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "RECHECK", 0.01)
    engine = ToneEngine()
    async with ready(engine) as known:
        engine.fits = 1
        with pytest.raises(OutOfMemoryError):
            await known.speak(Utterance("olá"))
        unready = known.ready
        await until(lambda: engine.warmed > 2)
        still = known.ready
        engine.fits = 1000
        await until(lambda: known.ready)

    assert (unready, still) == (False, False)


async def test_a_lost_device_answers_everyone_and_ends_the_work() -> None:
    engine = ToneEngine(faults={"lost": lambda: DeviceLostError("gone")})
    losses: list[bool] = []
    async with running(new_worker(engine, on_loss=lambda: losses.append(True))) as known:
        await until(lambda: known.ready)
        saying = [say(known, text) for text in ("lost", "waits", "waits, too")]
        results = await outcomes(*saying)
        results += await outcomes(say(known, "late"))

    assert [type(result) for result in results] == [DeviceLostError] * 4
    assert (known.ready, losses) == (False, [True])

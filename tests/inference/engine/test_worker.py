import asyncio
import gc
import random
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.engines import ToneEngine, sound_of
from support.voice import until
from voice_server import metrics
from voice_server.engine import worker
from voice_server.engine.line import FullError, Limits
from voice_server.engine.metrics import EngineMetrics
from voice_server.engine.worker import HANG_GRACE, SENTENCE, SUSPECT_AFTER, Spoken, WarmingError, Worker
from voice_server.engines.base import (
    DeviceLostError,
    EngineError,
    OutOfMemoryError,
    OverloadedError,
    Profile,
    UnusableVoiceError,
    Utterance,
)


def new_worker(
    engine: ToneEngine,
    *,
    line: int = 1000,
    wait: float = 1e6,
    timeout: float = 30,
    on_loss: Callable[[], None] = lambda: None,
) -> Worker:
    figures = EngineMetrics(metrics.new_registry(), "", "")
    return Worker(engine, Limits(line, wait, timeout, warm_up=60), figures, engine.clock, on_loss)


@asynccontextmanager
async def running(known: Worker) -> AsyncIterator[Worker]:
    task = asyncio.create_task(known.run())
    try:
        yield known
    finally:
        task.cancel()
        await asyncio.wait({task})


@asynccontextmanager
async def ready(engine: ToneEngine, **limits: float) -> AsyncIterator[Worker]:
    """A worker that has spoken its own sentence, which the engine then forgets."""
    async with running(new_worker(engine, **limits)) as known:  # type: ignore[arg-type]
        await until(lambda: known.ready)
        engine.batches.clear()
        engine.at_tiers.clear()
        yield known


def say(known: Worker, text: str, profile: Profile = Profile.BALANCED) -> asyncio.Task[Spoken]:
    return asyncio.create_task(_spoken(known, Utterance(text, profile=profile)))


async def _spoken(known: Worker, utterance: Utterance) -> Spoken:
    [spoken] = await known.speak(utterance)
    return spoken


async def outcomes(*saying: asyncio.Task[Spoken]) -> list[Spoken | BaseException]:
    return await asyncio.gather(*saying, return_exceptions=True)


async def test_who_comes_while_the_engine_is_busy_is_spoken_together_in_order_of_age() -> None:
    engine = ToneEngine(largest_batch=3)
    async with ready(engine) as known:
        engine.allowed.clear()
        first = say(known, "first")
        await until(lambda: engine.batches, is_=[["first"]])
        others = [say(known, f"text {number}") for number in range(4)]
        await until(lambda: known.waiting, is_=4)
        engine.allowed.set()
        spoken = [each.audio for each in await asyncio.gather(first, *others)]

    assert engine.batches == [["first"], ["text 0", "text 1", "text 2"], ["text 3"]]
    assert spoken == [sound_of("first"), *(sound_of(f"text {number}") for number in range(4))]


async def test_an_engine_of_several_at_a_time_is_given_several() -> None:
    engine = ToneEngine(parallel=3)
    async with ready(engine) as known:
        engine.allowed.clear()
        saying = [say(known, str(number)) for number in range(5)]
        await until(lambda: engine.busy, is_=3)
        waiting = known.waiting
        engine.allowed.set()
        await asyncio.gather(*saying)

    assert waiting == 2


async def test_beyond_the_line_it_refuses_at_once() -> None:
    engine = ToneEngine()
    async with ready(engine, line=2) as known:
        engine.allowed.clear()
        saying = [say(known, "a")]
        await until(lambda: engine.busy)
        saying += [say(known, text) for text in "bc"]
        await until(lambda: known.waiting, is_=2)
        with pytest.raises(FullError):
            await known.speak(Utterance("d"))
        engine.allowed.set()

        assert [each.audio for each in await asyncio.gather(*saying)] == [sound_of(text) for text in "abc"]


async def test_it_refuses_when_the_wait_that_it_foresees_is_too_long() -> None:
    engine = ToneEngine(cost=(1.0,))
    async with ready(engine, wait=8, timeout=1000) as known:
        engine.allowed.clear()
        saying = [say(known, "x" * 5)]
        await until(lambda: engine.busy)
        saying.append(say(known, "y" * 20))
        await until(lambda: known.waiting, is_=1)
        with pytest.raises(FullError) as full:
            await known.speak(Utterance("z"))
        engine.allowed.set()
        await asyncio.gather(*saying)

    assert full.value.retry_after == pytest.approx(5 + 20 - 4)


async def test_under_load_it_speaks_at_a_faster_tier_and_says_so() -> None:
    engine = ToneEngine(cost=(1.0, 0.1))
    async with ready(engine, wait=20, timeout=1000) as known:
        calm = await say(known, "x" * 9)
        engine.allowed.clear()
        saying = [
            say(known, "x" * 9),
            *(say(known, "y" * 4, Profile.HIGH) for _ in range(2)),
            say(known, "z" * 9),
        ]
        await until(lambda: engine.busy)
        engine.allowed.set()
        loaded = await asyncio.gather(*saying)

    assert [calm.tier, *(each.tier for each in loaded)] == [0, 1, 0, 0, 1]


async def test_work_whose_client_left_is_stopped_or_never_begun_and_company_goes_on() -> None:
    engine = ToneEngine(largest_batch=2)
    async with ready(engine) as known:
        engine.hold("alone")
        engine.hold("leave")
        alone = say(known, "alone")
        await until(lambda: engine.busy)
        leaving, staying, never = (say(known, text) for text in ("leave", "stay.", "never"))
        await until(lambda: known.waiting, is_=3)
        alone.cancel()
        never.cancel()
        engine.release("alone")
        await until(lambda: engine.batches[1:], is_=[["leave", "stay."]])
        leaving.cancel()
        engine.release("leave")

        assert (await staying).audio == sound_of("stay.")
    assert (engine.batches, engine.left) == ([["alone"], ["leave", "stay."]], ["alone", "leave"])


async def test_time_is_up_even_for_those_still_waiting() -> None:
    engine = ToneEngine(cost=(0.0,))
    async with ready(engine, timeout=0.05) as known:
        engine.allowed.clear()
        results = await outcomes(say(known, "a"), say(known, "b"))
        waiting = known.waiting
        engine.allowed.set()

    assert [type(result) for result in results] == [TimeoutError, TimeoutError]
    assert (waiting, engine.batches) == (0, [["a"]])


async def test_work_whose_time_is_up_is_dropped_before_it_is_begun() -> None:
    engine = ToneEngine(cost=(1.0,))
    async with ready(engine, timeout=30) as known:
        engine.allowed.clear()
        saying = [say(known, "abcd"), say(known, "late")]
        await until(lambda: engine.busy)
        engine.clock.now += 31
        engine.allowed.set()
        await until(lambda: (known.waiting, engine.busy), is_=(0, 0))
        results = await outcomes(*saying)

    assert (engine.batches, engine.left) == ([["abcd"]], ["abcd"])
    assert [type(result) for result in results] == [TimeoutError, TimeoutError]


async def test_it_is_ready_once_it_has_spoken_and_refuses_before() -> None:
    engine = ToneEngine()
    engine.allowed.clear()
    async with running(new_worker(engine)) as known:
        await until(lambda: engine.batches, is_=[[SENTENCE.text]])
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
    [["fail"] * (SUSPECT_AFTER - 1) + ["fine"], ["mute"] * SUSPECT_AFTER, ["busy"] * SUSPECT_AFTER],
    ids=["a success between", "texts nobody could speak", "a busy provider"],
)
async def test_some_failures_raise_no_suspicion(texts: list[str]) -> None:
    engine = ToneEngine(faults={"busy": lambda: OverloadedError("quota", 3)})
    async with ready(engine) as known:
        for text in texts * 3:
            await outcomes(say(known, text))

    assert engine.warmed == 1


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


async def test_what_still_waits_when_it_ends_is_answered() -> None:
    engine = ToneEngine()
    async with ready(engine) as known:
        engine.allowed.clear()
        saying = [say(known, text) for text in "ab"]
        await until(lambda: (engine.busy, known.waiting), is_=(1, 1))
    results = await outcomes(*saying)

    assert [type(result) for result in results] == [EngineError, EngineError]


async def test_the_pieces_of_a_text_are_let_in_together_and_come_back_in_order() -> None:
    engine = ToneEngine(largest_batch=3)
    async with ready(engine) as known:
        spoken = await known.speak(*(Utterance(text) for text in ("one", "two", "three", "four")))

    assert [each.audio for each in spoken] == [sound_of(text) for text in ("one", "two", "three", "four")]
    assert engine.batches == [["one", "two", "three"], ["four"]]


async def test_when_a_piece_fails_the_rest_of_its_text_is_not_spoken() -> None:
    engine = ToneEngine(parallel=2)
    async with ready(engine) as known:
        engine.hold("long")
        with pytest.raises(EngineError):
            await known.speak(*(Utterance(text) for text in ("long", "fail", "never")))
        engine.release("long")
        await until(lambda: engine.busy, is_=0)
        await known.speak(Utterance("next"))

    assert "long" in engine.left
    assert [text for batch in engine.batches for text in batch if text != "never"] == ["long", "fail", "next"]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 5), st.integers(1, 3))
def test_nobody_ever_hears_anothers_text(seed: int, largest: int, parallel: int) -> None:
    """Faults, lacks of memory and people who leave, in an order of chance."""
    asyncio.run(_a_history(random.Random(seed), largest, parallel))


async def _a_history(chance: random.Random, largest: int, parallel: int) -> None:
    faults: dict[str, Callable[[], Exception]] = {
        "torn": lambda: EngineError("torn"),
        "odd": lambda: KeyError("odd"),
    }
    engine = ToneEngine(cost=(0.3, 0.1), largest_batch=largest, parallel=parallel, faults=faults)
    async with ready(engine, wait=20) as known:
        engine.fits = 25
        saying: list[tuple[str, asyncio.Task[Spoken]]] = []
        for number in range(60):
            text = chance.choice([f"text {number}", f"a longer text {number}", "fail", "mute", "torn", "odd"])
            saying.append((text, say(known, text, chance.choice(list(Profile)))))
            for _ in range(chance.randrange(4)):
                await asyncio.sleep(0)
            if chance.random() < 0.2:
                chance.choice(saying)[1].cancel()
            engine.reliefs = [1.0] * chance.randrange(3)
        results = await outcomes(*(task for _, task in saying))
    for (text, _), result in zip(saying, results, strict=True):
        if isinstance(result, Spoken):
            assert result.audio == sound_of(text, result.tier)
            assert text.endswith(tuple("0123456789"))
        else:
            assert isinstance(result, EngineError | FullError | TimeoutError | asyncio.CancelledError)


async def test_a_thousand_requests_leave_nothing_behind() -> None:
    engine = ToneEngine(largest_batch=5, cost=(1e-4, 1e-4))

    async def hundred(known: Worker) -> None:
        saying = [say(known, f"{chance.random()} " * 20) for _ in range(100)]
        for each in saying[::7]:
            each.cancel()
        assert sum(isinstance(each, Spoken) for each in await outcomes(*saying)) == 85
        engine.batches.clear()
        engine.at_tiers.clear()
        engine.left.clear()

    chance = random.Random(1)
    async with ready(engine) as known:
        await hundred(known)
        tracemalloc.start()
        try:
            await hundred(known)
            gc.collect()
            before = tracemalloc.get_traced_memory()[0]
            for _ in range(10):
                await hundred(known)
            gc.collect()
            grown = tracemalloc.get_traced_memory()[0] - before
        finally:
            tracemalloc.stop()

    assert grown < 1000 * 100, "a text has 400 bytes, a sound 1280; the loop keeps some timers for a while"

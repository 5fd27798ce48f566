"""Who is spoken when, with whom and how well."""

import asyncio

import pytest

from support.engines import ToneEngine, sound_of
from support.voice import until
from support.workers import outcomes, ready, say
from voice_server.engine.line import FullError
from voice_server.engines.base import EngineError, Profile, Utterance


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

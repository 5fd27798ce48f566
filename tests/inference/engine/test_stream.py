"""Who listens while he is being spoken: what he hears, when, and how he shares the engine."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import pytest

from support.engines import ToneEngine, sound_of
from support.voice import Clock, until
from support.workers import ready, say
from voice_server.audio.pcm import Audio
from voice_server.engine.held import Bit, Spoken
from voice_server.engine.line import FullError
from voice_server.engine.worker import Worker
from voice_server.engines.base import DeviceLostError, EngineError, OutOfMemoryError, Utterance


def streamed(worker: Worker, *texts: str) -> AsyncGenerator[Bit | Spoken, None]:
    return worker.stream(*map(Utterance, texts))


async def heard(stream: AsyncGenerator[Bit | Spoken, None]) -> list[Bit | Spoken]:
    return [each async for each in stream]


def listen(worker: Worker, *texts: str) -> asyncio.Task[list[Bit | Spoken]]:
    return asyncio.create_task(heard(streamed(worker, *texts)))


def laid_end_to_end(parts: Sequence[Bit | Spoken]) -> Audio:
    return Audio(b"".join(part.audio.samples for part in parts if isinstance(part, Bit)), 8000)


async def test_an_engine_that_tells_nothing_early_is_heard_piece_by_piece() -> None:
    async with ready(ToneEngine()) as worker:
        parts = await heard(streamed(worker, "one", "two"))

    assert [type(part) for part in parts] == [Bit, Spoken, Bit, Spoken]
    assert [part.audio for part in parts] == [sound_of(text) for text in ("one", "one", "two", "two")]


async def test_an_engine_that_tells_early_is_heard_before_it_has_ended() -> None:
    engine = ToneEngine(in_bits=True, halts_when_heard=True)
    parts = []
    async with ready(engine) as worker:
        async for part in streamed(worker, "text"):
            parts.append((part, engine.busy))
            engine.allowed.set()

    assert [(type(part), busy) for part, busy in parts] == [(Bit, 1), (Bit, 1), (Bit, 0), (Spoken, 0)]
    assert laid_end_to_end([part for part, _ in parts]) == parts[-1][0].audio == sound_of("text")


async def test_whoever_does_not_listen_is_told_nothing_early() -> None:
    async with ready(ToneEngine(in_bits=True)) as worker:
        assert (await say(worker, "text")).audio == sound_of("text")


async def test_listeners_of_one_batch_hear_their_own_text() -> None:
    engine = ToneEngine(in_bits=True, largest_batch=3)
    async with ready(engine) as worker:
        parts = await asyncio.gather(*(listen(worker, text) for text in ("aa", "bb", "cc")))

    assert engine.batches == [["aa", "bb", "cc"]]
    assert [laid_end_to_end(each) for each in parts] == [sound_of(text) for text in ("aa", "bb", "cc")]


async def test_a_long_text_takes_turns_with_others() -> None:
    engine = ToneEngine()
    async with ready(engine) as worker:
        engine.allowed.clear()
        long = listen(worker, "long 1", "long 2", "long 3")
        await until(lambda: engine.busy)
        others = [say(worker, text) for text in ("short", "small")]
        await until(lambda: worker.waiting, is_=2)
        engine.allowed.set()
        await asyncio.gather(long, *others)

    assert engine.batches == [["long 1"], ["short"], ["small"], ["long 2"], ["long 3"]]


async def test_a_text_that_was_begun_is_not_refused_for_a_line_that_filled_meanwhile() -> None:
    engine = ToneEngine()
    async with ready(engine, line=2) as worker, aclosing(streamed(worker, "first", "second")) as stream:
        parts = [await anext(stream), await anext(stream)]
        engine.allowed.clear()
        others = [say(worker, "a")]
        await until(lambda: engine.busy)
        others += [say(worker, text) for text in "bc"]
        await until(lambda: worker.waiting, is_=2)
        with pytest.raises(FullError):
            await anext(streamed(worker, "newcomer"))
        going_on = asyncio.ensure_future(anext(stream))
        await until(lambda: worker.waiting, is_=3)
        engine.allowed.set()
        parts.append(await going_on)
        await asyncio.gather(*others)

    assert parts[-1].audio == sound_of("second")


async def test_only_the_first_piece_has_to_fit_into_the_time() -> None:
    engine = ToneEngine(cost=(1.0,))
    async with ready(engine, wait=8, timeout=10) as worker:
        engine.hold("busy")
        busy = say(worker, "busy")
        await until(lambda: engine.busy)
        long = listen(worker, "12345", "123456789", "123456789")
        await until(lambda: worker.waiting, is_=1)
        engine.release("busy")
        await busy

        assert [part.audio for part in await long if isinstance(part, Spoken)] == [
            sound_of(text) for text in ("12345", "123456789", "123456789")
        ]


async def test_whoever_leaves_stops_the_work_and_stands_in_no_line() -> None:
    engine = ToneEngine(in_bits=True, halts_when_heard=True)
    async with ready(engine) as worker:
        stream = streamed(worker, "first", "second")
        await anext(stream)
        await stream.aclose()
        engine.allowed.set()
        await until(lambda: engine.busy, is_=0)

        assert (await say(worker, "next")).audio == sound_of("next")
        assert (engine.left, worker.waiting) == (["first"], 0)
        assert engine.batches == [["first"], ["next"]]


async def test_an_error_comes_after_what_could_be_heard() -> None:
    engine = ToneEngine()
    parts: list[Bit | Spoken] = []
    async with ready(engine) as worker:
        with pytest.raises(EngineError, match="broken"):
            parts.extend([part async for part in streamed(worker, "fine", "fail", "never")])
        stream = streamed(worker, "fine", "fail")
        parts = [await anext(stream), await anext(stream)]
        with pytest.raises(EngineError, match="broken"):
            await anext(stream)

    assert [part.audio for part in parts] == [sound_of("fine")] * 2
    assert ["never"] not in engine.batches


async def test_an_engine_that_does_not_finish_a_piece_in_time_counts_as_failing(clock: Clock) -> None:
    engine = ToneEngine(in_bits=True, halts_when_heard=True, cost=(0.0,))
    async with ready(engine, timeout=30) as worker:
        stream = streamed(worker, "text")
        await anext(stream)
        clock.put_forward(30)
        with pytest.raises(TimeoutError):
            [part async for part in stream]
        failures = worker._failures
        engine.allowed.set()

    assert failures == 1


async def test_a_piece_after_the_device_was_lost_says_so() -> None:
    engine = ToneEngine(faults={"lost": lambda: DeviceLostError("gone")})
    async with ready(engine) as worker:
        stream = streamed(worker, "first", "second")
        await anext(stream)
        await anext(stream)
        with pytest.raises(DeviceLostError):
            await say(worker, "lost")
        with pytest.raises(DeviceLostError):
            await anext(stream)


@pytest.mark.parametrize("fault", [OutOfMemoryError("full"), EngineError("torn"), ValueError("surprise")])
async def test_what_was_heard_is_not_begun_again_when_its_batch_fails(fault: Exception) -> None:
    """Another rendering would not go on where the first one stopped; whoever heard nothing yet is spoken again."""
    engine = ToneEngine(in_bits=True, largest_batch=2, reliefs=[1])
    async with ready(engine) as worker:
        engine.hold("wait")
        first = say(worker, "wait")
        await until(lambda: engine.busy)
        listener, other = listen(worker, "listened"), say(worker, "unheard")
        await until(lambda: worker.waiting, is_=2)
        engine.faults["unheard"] = lambda: engine.faults.pop("unheard") and fault
        engine.release("wait")
        await first
        results = await asyncio.gather(listener, other, return_exceptions=True)

    assert engine.batches[:3] == [["wait"], ["listened", "unheard"], ["unheard"]]
    assert isinstance(results[0], EngineError)
    assert isinstance(results[1], Spoken)

"""What one has asked for is nobody else's, and nothing stays of it."""

import asyncio
import gc
import random
import tracemalloc
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from support.engines import ToneEngine, sound_of
from support.workers import outcomes, ready, say
from voice_server.engine.line import FullError
from voice_server.engine.worker import Spoken, Worker
from voice_server.engines.base import EngineError, Profile


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

import asyncio
import struct
from collections.abc import Callable, Sequence

import pytest

from support.voice import until
from voice_server.audio.pcm import Audio
from voice_server.engine import worker
from voice_server.engine.worker import HANG_GRACE, SUSPECT_AFTER, FullError, Limits, WarmingError, Worker
from voice_server.engines.base import Answer, EngineError, Job, Utterance

SOUND = Audio(struct.pack("<2h", 8000, -8000), 22_050)


class Engine:
    """Speaks when it is allowed to; the text `fail` breaks it, and nothing works while it is ill."""

    name = licence = "toy"
    parallel = largest_batch = 1
    tiers = ("",)

    def __init__(self) -> None:
        self.allowed = asyncio.Event()
        self.allowed.set()
        self.ill = False
        self.begun: list[str] = []
        self.stopped: list[str] = []

    def voices(self) -> list[str]:
        return []

    async def warm_up(self) -> None:
        await self._speak(Utterance("warm-up"))

    def work(self, utterance: Utterance) -> float:
        return len(utterance.text)

    def relieve(self) -> bool:
        return False

    async def synthesise(self, batch: Sequence[Job], _: int) -> Sequence[Answer]:
        return [await self._speak(job.utterance) for job in batch]

    async def _speak(self, utterance: Utterance) -> Audio:
        self.begun.append(utterance.text)
        try:
            await self.allowed.wait()
        except asyncio.CancelledError:
            self.stopped.append(utterance.text)
            raise
        if self.ill or utterance.text == "fail":
            raise EngineError("broken")
        return SOUND


@pytest.fixture
def engine() -> Engine:
    return Engine()


def a_worker(engine: Engine, *, timeout: float = 5, clock: Callable[[], float] = lambda: 0.0) -> Worker:
    known = Worker(engine, Limits(line=2, wait=30, timeout=timeout), clock)
    known._warm = True
    return known


def say(known: Worker, text: str) -> asyncio.Task[Audio]:
    return asyncio.create_task(known.speak(Utterance(text)))


async def test_one_speaks_at_a_time_in_the_order_of_arrival(engine: Engine) -> None:
    engine.allowed.clear()
    known = a_worker(engine)
    saying = [say(known, text) for text in "abc"]
    await until(lambda: known.waiting, is_=2)
    begun = list(engine.begun)
    engine.allowed.set()
    await asyncio.gather(*saying)

    assert (begun, engine.begun) == (["a"], ["a", "b", "c"])


async def test_beyond_its_line_it_refuses_at_once(engine: Engine) -> None:
    engine.allowed.clear()
    known = a_worker(engine)
    saying = [say(known, text) for text in "abc"]
    await until(lambda: known.waiting, is_=2)

    with pytest.raises(FullError):
        await known.speak(Utterance("d"))
    engine.allowed.set()
    assert await asyncio.gather(*saying) == [SOUND] * 3


async def test_work_whose_client_left_is_stopped_or_never_begun(engine: Engine) -> None:
    engine.allowed.clear()
    known = a_worker(engine)
    first, second, third = (say(known, text) for text in "abc")
    await until(lambda: known.waiting, is_=2)
    second.cancel()
    first.cancel()
    engine.allowed.set()

    assert await third == SOUND
    assert (engine.begun, engine.stopped) == (["a", "c"], ["a"])


async def test_time_is_up_even_for_those_still_waiting(engine: Engine) -> None:
    engine.allowed.clear()
    known = a_worker(engine, timeout=0.05)
    results = await asyncio.gather(say(known, "a"), say(known, "b"), return_exceptions=True)

    assert [type(result) for result in results] == [TimeoutError, TimeoutError]
    assert known.waiting == 0


async def test_it_is_ready_once_it_has_spoken_and_refuses_before(engine: Engine) -> None:
    engine.allowed.clear()
    known = Worker(engine, Limits(line=2, wait=30, timeout=5), lambda: 0.0)
    keeping = asyncio.create_task(known.keep_well())
    await until(lambda: engine.begun, is_=["warm-up"])
    before = known.ready
    with pytest.raises(WarmingError):
        await known.speak(Utterance("early"))
    engine.allowed.set()
    await until(lambda: known.ready)
    await known.speak(Utterance("late"))
    keeping.cancel()

    assert not before
    assert engine.begun == ["warm-up", "late"]


async def test_texts_that_break_it_never_take_it_away_from_others(engine: Engine) -> None:
    known = a_worker(engine)
    keeping = asyncio.create_task(known.keep_well())
    await until(lambda: known.ready)
    for _ in range(2 * SUSPECT_AFTER):
        with pytest.raises(EngineError):
            await known.speak(Utterance("fail"))
    await until(lambda: engine.begun.count("warm-up") >= 2)

    assert known.ready
    keeping.cancel()


async def test_an_ill_engine_becomes_unready_and_ready_again_when_it_is_well(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "RECHECK", 0.01)
    known = a_worker(engine)
    keeping = asyncio.create_task(known.keep_well())
    await until(lambda: known.ready)
    engine.ill = True
    for _ in range(SUSPECT_AFTER):
        with pytest.raises(EngineError):
            await known.speak(Utterance("anything"))
    await until(lambda: known.ready, is_=False)
    engine.ill = False
    await until(lambda: known.ready)
    keeping.cancel()


async def test_fewer_failures_or_a_success_between_them_raise_no_suspicion(engine: Engine) -> None:
    known = a_worker(engine)
    keeping = asyncio.create_task(known.keep_well())
    await until(lambda: known.ready)
    for text in (["fail"] * (SUSPECT_AFTER - 1) + ["fine"]) * 3:
        await asyncio.gather(say(known, text), return_exceptions=True)
    keeping.cancel()

    assert engine.begun.count("warm-up") == 1


async def test_an_engine_that_cannot_be_stopped_fails_liveness(engine: Engine) -> None:
    now = 0.0
    engine.allowed.clear()
    known = a_worker(engine, timeout=5, clock=lambda: now)
    saying = say(known, "a")
    await until(lambda: engine.begun, is_=["a"])
    alive = [known.alive]
    now = 5 + HANG_GRACE + 1
    alive.append(known.alive)
    engine.allowed.set()
    await saying

    assert [*alive, known.alive] == [True, False, True]


async def test_it_refuses_when_the_wait_that_it_foresees_is_too_long(engine: Engine) -> None:
    now = 0.0
    known = a_worker(engine, clock=lambda: now)
    engine.allowed.clear()
    slow = say(known, "slow")
    await until(lambda: engine.begun, is_=["slow"])
    now = 100.0
    engine.allowed.set()
    await slow
    engine.allowed.clear()
    saying = [say(known, text) for text in "ab"]
    await until(lambda: known.waiting, is_=1)

    with pytest.raises(FullError) as full:
        await known.speak(Utterance("c"))
    assert full.value.retry_after == pytest.approx(40.0)
    engine.allowed.set()
    await asyncio.gather(*saying)

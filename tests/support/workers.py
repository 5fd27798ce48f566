"""Workers around an engine of tones, and people who ask them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypedDict, Unpack

from support.engines import ToneEngine
from support.voice import until
from voice_server import metrics
from voice_server.engine.line import Limits
from voice_server.engine.metrics import EngineMetrics
from voice_server.engine.worker import Spoken, Worker
from voice_server.engines.base import Profile, Utterance


class Bounds(TypedDict, total=False):
    """Those of the line, as `new_worker` takes them."""

    line: int
    wait: float
    timeout: float


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
async def ready(engine: ToneEngine, **bounds: Unpack[Bounds]) -> AsyncIterator[Worker]:
    """A worker that has spoken its own sentence, which the engine then forgets."""
    async with running(new_worker(engine, **bounds)) as known:
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

"""The engine, kept speaking: what does not fit is spoken in smaller parts, what breaks a batch breaks itself only."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from voice_server.audio.pcm import Audio
from voice_server.engine.ladder import Room, Rung, next_rung
from voice_server.engine.metrics import EngineMetrics
from voice_server.engine.pace import Pace
from voice_server.engines.base import (
    Answer,
    DeviceLostError,
    Engine,
    EngineError,
    Job,
    OutOfMemoryError,
    OverloadedError,
    Utterance,
)
from voice_server.logs import milliseconds

log = logging.getLogger(__name__)
LEAST_WORK = 1e-6


class UnforeseenError(EngineError):
    """The engine failed in a way that it has no word for."""


@dataclass(frozen=True, slots=True)
class Task:
    """A job, its work in the engine's unit, and whether some of its speech was heard: it cannot begin a second time."""

    job: Job
    work: float
    was_heard: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job, at which tier, and the seconds of work that were spent on it alone."""

    answer: Answer
    tier: int
    seconds: float


_Speak = Callable[[Sequence[Task], int], Awaitable[list[Outcome]]]


class Device:
    """One engine and what is known of it. `speak` raises DeviceLostError only."""

    def __init__(self, engine: Engine, figures: EngineMetrics, clock: Callable[[], float]) -> None:
        self.engine = engine
        self.pace = Pace.unknown(len(engine.tiers))
        self.room = Room()
        self._figures = figures
        self._clock = clock
        self._until: dict[object, float] = {}

    @property
    def last_tier(self) -> int:
        return len(self.engine.tiers) - 1

    @property
    def alive(self) -> bool:
        """False once something on the device has outlived its time."""
        return all(self._clock() < until for until in self._until.values())

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """What is done in here has so many seconds."""
        mark = object()
        self._until[mark] = self._clock() + seconds
        try:
            yield
        finally:
            del self._until[mark]

    def work(self, utterance: Utterance) -> float:
        """What the engine says that the utterance will cost; EngineError where it cannot be spoken at all."""
        try:
            return max(LEAST_WORK, self.engine.work(utterance))
        except EngineError:
            raise
        except Exception as error:
            log.exception("the engine failed in a way nobody foresaw", extra={"engine": self.engine.name})
            raise UnforeseenError(type(error).__name__) from error

    async def warm_up(self, sentence: Utterance) -> None:
        """Warm the engine up and learn its pace from the sentence; EngineError when it cannot speak it."""
        began = self._clock()
        await self.engine.warm_up()
        took = self._clock() - began
        self._figures.load.set(took)
        log.info(
            "the engine is warm", extra={"engine": self.engine.name, "model_load_time_ms": milliseconds(took)}
        )
        [outcome] = await self.speak([Task(Job(sentence, lambda: True), self.work(sentence))], 0)
        if isinstance(outcome.answer, EngineError):
            raise outcome.answer
        if outcome.answer is None:
            raise EngineError("it gave up its own sentence")

    async def speak(self, tasks: Sequence[Task], tier: int, tried: Rung | None = None) -> list[Outcome]:
        """One outcome a task, in their order; OutOfMemoryError among them once nothing was left to try."""
        spoken = await self._tried(tasks, tier)
        match spoken:
            case OutOfMemoryError():
                self._figures.out_of_memory.inc()
                return await self._again(
                    tasks, tier, spoken, partial(self._with_less, tried=tried, error=spoken)
                )
            case EngineError() if len(tasks) == 1 or isinstance(spoken, OverloadedError):
                return [Outcome(spoken, tier, 0.0) for _ in tasks]
            case EngineError():
                return await self._again(tasks, tier, spoken, partial(self._in_parts, tried=tried))
            case _:
                return spoken

    async def _again(
        self, tasks: Sequence[Task], tier: int, error: EngineError, speak: _Speak
    ) -> list[Outcome]:
        """What `speak` gives for those of whom nothing was heard yet; the others keep the error."""
        heard = [task.was_heard() for task in tasks]
        fresh = [task for task, was_heard in zip(tasks, heard, strict=True) if not was_heard]
        outcomes = iter(await speak(fresh, tier) if fresh else ())
        return [Outcome(error, tier, 0.0) if was_heard else next(outcomes) for was_heard in heard]

    async def _tried(self, tasks: Sequence[Task], tier: int) -> list[Outcome] | EngineError:
        """The outcomes, or the error without its traceback: that would hold the tensors of what did not fit."""
        try:
            return await self._attempt(tasks, tier)
        except DeviceLostError:
            raise
        except EngineError as error:
            error.__cause__ = error.__context__ = None
            return error.with_traceback(None)
        except Exception as error:
            log.exception("the engine failed in a way nobody foresaw", extra={"engine": self.engine.name})
            return UnforeseenError(type(error).__name__)

    async def _attempt(self, tasks: Sequence[Task], tier: int) -> list[Outcome]:
        began = self._clock()
        answers = await self.engine.synthesise([task.job for task in tasks], tier)
        took = self._clock() - began
        for answer in answers:
            if isinstance(answer, OutOfMemoryError | DeviceLostError):
                raise answer
        work = sum(task.work for task in tasks)
        if all(isinstance(answer, Audio) for answer in answers):
            self.pace = self.pace.with_batch(tier, work, took)
            self.room = self.room.with_batch(work)
        self._figures.batch_size.observe(len(tasks))
        return [
            Outcome(answer, tier, took * task.work / work)
            for task, answer in zip(tasks, answers, strict=True)
        ]

    async def _with_less(
        self, tasks: Sequence[Task], tier: int, *, tried: Rung | None, error: OutOfMemoryError
    ) -> list[Outcome]:
        rung = next_rung(tried, len(tasks), tier, self.last_tier)
        log.warning(
            "out of memory", extra={"rung": rung.name.lower(), "batch": len(tasks), "reason": str(error)}
        )
        match rung:
            case Rung.RELIEVE:
                if await asyncio.to_thread(self.engine.relieve):
                    return await self.speak(tasks, tier, rung)
                return await self._with_less(tasks, tier, tried=rung, error=error)
            case Rung.HALVE:
                self.room = self.room.without(sum(task.work for task in tasks))
                return await self._in_parts(tasks, tier, tried=rung, size=(len(tasks) + 1) // 2)
            case Rung.FASTER:
                return await self.speak(tasks, tier + 1, rung)
            case Rung.RELIEVE_AGAIN:
                if await asyncio.to_thread(self.engine.relieve):
                    return await self.speak(tasks, tier, rung)
                return [Outcome(error, tier, 0.0) for _ in tasks]

    async def _in_parts(
        self, tasks: Sequence[Task], tier: int, *, tried: Rung | None, size: int = 1
    ) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for start in range(0, len(tasks), size):
            outcomes += await self.speak(tasks[start : start + size], tier, tried)
        return outcomes

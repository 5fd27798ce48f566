"""One engine, and a line in front of it that is measured in seconds."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager, suppress

from voice_server.audio.pcm import Audio
from voice_server.engine.device import Device, Outcome
from voice_server.engine.held import Bit, Held, Spoken
from voice_server.engine.line import Limits, admit, next_batch
from voice_server.engine.metrics import EngineMetrics
from voice_server.engine.preparing import prepared
from voice_server.engine.tiers import level_for, tier_for
from voice_server.engines.base import (
    NOT_ILL,
    DeviceLostError,
    Engine,
    EngineError,
    OutOfMemoryError,
    OverloadedError,
    UnusableVoiceError,
    Utterance,
)
from voice_server.engines.sentences import counting

log = logging.getLogger(__name__)
SUSPECT_AFTER = 5
RECHECK = 2.0
HANG_GRACE = 10.0


class WarmingError(Exception):
    """The engine has not spoken yet."""

    def __init__(self) -> None:
        super().__init__("the engine is still warming up; try again a little later")


class Worker:
    """Ready is said of an engine that has spoken; after five failures in a row it must prove so again.

    Failures alone never make it unready: a text that breaks the engine would take the pod away from everyone.
    Only what no text can be blamed for does: memory that does not suffice for one text at the lowest cost.
    """

    def __init__(
        self,
        engine: Engine,
        limits: Limits,
        figures: EngineMetrics,
        clock: Callable[[], float],
        on_loss: Callable[[], None] = lambda: None,
        language: str = "pt-BR",
    ) -> None:
        """`on_loss` is called once when the device is lost, after everyone held was told so; in `language` the engine
        proves that it can speak.
        """
        self._device = Device(engine, figures, clock)
        self._limits = limits
        self._figures = figures
        self._clock = clock
        self._on_loss = on_loss
        self._sentence = Utterance(counting(language, 5))
        self._line: list[Held] = []
        self._filled = asyncio.Event()
        self._slots = asyncio.Semaphore(engine.parallel)
        self._ends: dict[object, float] = {}
        self._level = 0
        self._failures = 0
        self._suspect = asyncio.Event()
        self._warm = False
        self.ready = False
        self.lost = False

    @property
    def engine(self) -> Engine:
        return self._device.engine

    @property
    def waiting(self) -> int:
        return len(self._line)

    @property
    def alive(self) -> bool:
        """False once work on the device has outlived its time by far: the engine does not let itself be stopped."""
        return self._device.alive

    @property
    def ahead(self) -> float:
        """The seconds that a newcomer would wait, were everybody before him spoken at the fastest tier."""
        running = sum(abs(end - self._clock()) for end in self._ends.values())
        return (running + self._seconds_at(self._device.last_tier)) / self.engine.parallel

    async def speak(self, *pieces: Utterance) -> list[Spoken]:
        """The pieces of one text, let in together or not at all; WarmingError, FullError, TimeoutError or the
        EngineError of one of them.
        """
        text, until = self._held(pieces), self._soon()
        self._admit(text)
        async with asyncio.timeout_at(until):
            await prepared(self.engine, pieces[0].voice)
        with self._in_line(text):
            async with asyncio.timeout_at(until):
                return await asyncio.gather(*(held.answer for held in text))

    async def stream(self, *pieces: Utterance) -> AsyncGenerator[Bit | Spoken, None]:
        """What can be heard of each piece as soon as it can, then what became of it. Errors as those of `speak`.

        A piece gets into the line when the one before it was spoken, and has the whole time of a text: a long text
        takes turns with others instead of keeping them out. Once the first was let in, nothing refuses the next.
        """
        for number, piece in enumerate(pieces):
            [held], until = self._held([piece]), self._soon()
            if not number:
                self._admit([held])
                async with asyncio.timeout_at(until):
                    await prepared(self.engine, piece.voice)
            with self._in_line([held]):
                async with aclosing(held.heard(until)) as bits:
                    async for bit in bits:
                        yield bit
                yield held.answer.result()

    def _soon(self) -> float:
        """The end of a text's time, in the event loop's."""
        return asyncio.get_running_loop().time() + self._limits.timeout

    def _held(self, pieces: Sequence[Utterance]) -> list[Held]:
        if self.lost:
            raise DeviceLostError("the device is lost")
        if not self._warm:
            raise WarmingError
        now, until = self._clock(), self._clock() + self._limits.timeout
        return [Held(piece, self._device.work(piece), now, until, self._clock) for piece in pieces]

    def _admit(self, text: Sequence[Held]) -> None:
        own = self._device.pace.seconds(sum(held.work for held in text), self._device.last_tier)
        admit(self.waiting, self.ahead, own, self._limits)

    @contextmanager
    def _in_line(self, text: Sequence[Held]) -> Iterator[None]:
        """The text waits and is spoken while this lasts; nobody waits for it any more afterwards."""
        self._line += text
        self._filled.set()
        try:
            yield
        except TimeoutError:
            if any(held.begun is not None for held in text):
                self._failed()
            raise
        finally:
            for held in text:
                held.let_go()
                self._leave(held)

    def _leave(self, held: Held) -> None:
        with suppress(ValueError):
            self._line.remove(held)
        if not self._line:
            self._filled.clear()

    async def run(self) -> None:
        """Speak what arrives and look after the engine, until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_well())
                while True:
                    await self._filled.wait()
                    await self._slots.acquire()
                    group.create_task(self._speak(self._next_batch()))
        finally:
            self.ready = self._warm = False
            _abandon(self._line)

    def _next_batch(self) -> list[Held]:
        for held in [each for each in self._line if not each.is_wanted()]:
            held.refuse(TimeoutError())
            self._leave(held)
        last, patience = self._device.last_tier, self._limits.wait / 2
        self._level = level_for(self._level, last, patience, self._seconds_at)
        batch = next_batch(self._line, self._tier, self.engine.largest_batch, self._device.room.work)
        for held in batch:
            self._leave(held)
        return batch

    def _tier(self, held: Held) -> int:
        return tier_for(held.utterance.profile, self._level, self._device.last_tier)

    def _seconds_at(self, level: int) -> float:
        last, pace = self._device.last_tier, self._device.pace
        tiers = (tier_for(held.utterance.profile, level, last) for held in self._line)
        return sum(pace.seconds(held.work, tier) for held, tier in zip(self._line, tiers, strict=True))

    async def _speak(self, batch: Sequence[Held]) -> None:
        try:
            if batch:
                await self._speak_together(batch, self._tier(batch[0]))
        except DeviceLostError as error:
            self._lose(batch, error)
        finally:
            _abandon(batch)
            self._slots.release()

    async def _speak_together(self, batch: Sequence[Held], tier: int) -> None:
        began = self._clock()
        for held in batch:
            held.begin(began, tier)
        work = sum(held.work for held in batch)
        mark = object()
        self._ends[mark] = began + self._device.pace.seconds(work, tier)
        try:
            with self._device.within(self._limits.timeout + HANG_GRACE):
                outcomes = await self._device.speak([held.task() for held in batch], tier)
        finally:
            del self._ends[mark]
        for held, outcome in zip(batch, outcomes, strict=True):
            self._settle(held, outcome, began)

    def _settle(self, held: Held, outcome: Outcome, began: float) -> None:
        match outcome.answer:
            case Audio() as audio:
                self._failures = 0
                held.give(Spoken(audio, outcome.tier, began - held.arrived, outcome.seconds))
            case UnusableVoiceError() as error if held.utterance.voice is None:
                self._failed()  # the engine's own voice is the engine's own fault
                held.refuse(EngineError(str(error)))
            case EngineError() as error:
                self._judge(error)
                held.refuse(error)
            case None:
                held.refuse(TimeoutError())

    def _judge(self, error: EngineError) -> None:
        if isinstance(error, OutOfMemoryError):
            self.ready = False
            self._suspect.set()
        elif not isinstance(error, (*NOT_ILL, TimeoutError)):
            # What came too late is counted by who waited for it.
            self._failed()

    def _failed(self) -> None:
        self._failures += 1
        if self._failures >= SUSPECT_AFTER:
            self._suspect.set()

    def _lose(self, batch: Sequence[Held], error: DeviceLostError) -> None:
        log.error("the device is lost", extra={"engine": self.engine.name, "reason": str(error)})
        for held in [*batch, *self._line]:
            held.refuse(error)
        self.ready = False
        if not self.lost:
            self.lost = True
            self._on_loss()

    async def _keep_well(self) -> None:
        seconds = self._limits.warm_up
        while not self.lost:
            self.ready = await self._proves_itself(seconds)
            if not self.ready:
                await asyncio.sleep(RECHECK)
                continue
            self._warm = True
            seconds = self._limits.timeout + HANG_GRACE
            self._failures = 0
            self._suspect.clear()
            await self._suspect.wait()

    async def _proves_itself(self, seconds: float) -> bool:
        async with self._slots:
            try:
                with self._device.within(seconds):
                    await self._device.warm_up(self._sentence)
            except DeviceLostError as error:
                self._lose((), error)
                return False
            except OverloadedError:
                return self.ready  # asked too often: that proves nothing
            except EngineError as error:
                log.warning(
                    "the engine cannot speak", extra={"engine": self.engine.name, "reason": str(error)}
                )
                return False
        log.info("the engine speaks", extra={"engine": self.engine.name})
        return True


def _abandon(line: Sequence[Held]) -> None:
    for held in line:
        held.refuse(EngineError("nobody looks after the engine any more"))

"""One engine, one utterance at a time, a bounded line in front of it."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from voice_server.audio.pcm import Audio
from voice_server.engines.base import Engine, EngineError, Job, TextError, UnknownVoiceError, Utterance

log = logging.getLogger(__name__)
SUSPECT_AFTER = 5
RECHECK = 2.0
HANG_GRACE = 10.0


class FullError(Exception):
    """The line is full; `retry_after` seconds from now it is likely to have moved on."""

    def __init__(self, retry_after: float) -> None:
        super().__init__("the engine has as much work as it can finish in time; try again a little later")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may wait in `line`, how many seconds of `wait` may be foreseen for the last in it, and the `timeout`
    in seconds for one utterance, its waiting included.
    """

    line: int
    wait: float
    timeout: float


class WarmingError(Exception):
    """The engine has not spoken yet."""

    def __init__(self) -> None:
        super().__init__("the engine is still warming up; try again a little later")


class Worker:
    """Ready is said of an engine that has spoken; after five failures in a row it must prove so again.

    Failures alone never make it unready: a text that breaks the engine would take the pod away from everyone.
    """

    def __init__(self, engine: Engine, limits: Limits, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._limits = limits
        self._clock = clock
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._usual = 0.0
        self._busy_since: float | None = None
        self._failures = 0
        self._suspect = asyncio.Event()
        self._warm = False
        self.ready = False

    @property
    def engine(self) -> str:
        return self._engine.name

    @property
    def waiting(self) -> int:
        return self._waiting

    @property
    def alive(self) -> bool:
        """False once an utterance has outlived its time by far: the engine does not let itself be stopped."""
        return (
            self._busy_since is None or self._clock() - self._busy_since < self._limits.timeout + HANG_GRACE
        )

    async def speak(self, utterance: Utterance) -> Audio:
        """The speech; WarmingError, FullError, TimeoutError, EngineError or UnknownVoiceError without it."""
        if not self._warm:
            raise WarmingError
        wait = self._usual * (self._waiting + 1)
        if self._waiting >= self._limits.line or wait > self._limits.wait:
            raise FullError(wait)
        try:
            async with asyncio.timeout(self._limits.timeout):
                audio = await self._in_turn(utterance)
        except (UnknownVoiceError, TextError):
            raise
        except Exception:
            self._failed()
            raise
        self._failures = 0
        return audio

    async def _in_turn(self, utterance: Utterance) -> Audio:
        self._waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self._waiting -= 1
        began = self._busy_since = self._clock()
        try:
            return await self._spoken(utterance)
        finally:
            self._busy_since = None
            self._turn.release()
            self._usual += 0.2 * (self._clock() - began - self._usual)

    async def _spoken(self, utterance: Utterance) -> Audio:
        [answer] = await self._engine.synthesise([Job(utterance, lambda: True)], 0)
        if isinstance(answer, Audio):
            return answer
        raise answer or EngineError("the engine left a job that was still wanted")

    def _failed(self) -> None:
        self._failures += 1
        if self._failures >= SUSPECT_AFTER:
            self._suspect.set()

    async def keep_well(self) -> None:
        """Warm the engine up, and again whenever it has become suspect, until cancelled."""
        while True:
            self.ready = await self._proves_itself()
            if not self.ready:
                await asyncio.sleep(RECHECK)
                continue
            self._warm = True
            self._failures = 0
            self._suspect.clear()
            await self._suspect.wait()

    async def _proves_itself(self) -> bool:
        try:
            async with asyncio.timeout(self._limits.timeout), self._turn:
                await self._engine.warm_up()
        except (EngineError, TimeoutError) as error:
            log.warning("the engine cannot speak", extra={"engine": self._engine.name, "reason": str(error)})
            return False
        log.info("the engine speaks", extra={"engine": self._engine.name})
        return True

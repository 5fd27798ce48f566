"""One family's way to Google: as fast as its quota lets it, again where that may help, never past the deadline."""

import asyncio
from collections.abc import Awaitable, Callable
from random import SystemRandom
from time import monotonic
from typing import TypeVar

from google.api_core.exceptions import TooManyRequests

from voice_server.engines.base import EngineError, OverloadedError
from voice_server.engines.google.faults import FAULTS, asked_to_wait, is_passing, understood
from voice_server.engines.google.quota import Bucket
from voice_server.engines.google.voices import Family

T = TypeVar("T")
SHUT = 5.0
"""Seconds without a request after one too many, where Google does not say how long."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 4.0
_SHORTEST_TRY = 2.0
_dice = SystemRandom()


class Line:
    def __init__(self, family: Family, per_minute: int) -> None:
        self._family = family
        self._bucket = Bucket.full(per_minute, monotonic())
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def ask(
        self,
        call: Callable[[float], Awaitable[T]],
        until: float,
        patience: float,
        may_repeat: Callable[[], bool] = lambda: True,
    ) -> T:
        """What `call` gives, which is told how many seconds it may take: all that are left, for what was cut short
        would be paid for and sent again with less time.

        It ends by `until` (of time.monotonic), waits at most `patience` seconds for the quota, and calls again only
        while it `may_repeat`. OverloadedError when that would not do, LateError where the time was up, else the
        EngineError that stands for what Google answered last.
        """
        attempt = 0
        while True:
            await self._admitted(min(until - _SHORTEST_TRY, monotonic() + patience))
            try:
                return await call(until - monotonic())
            except FAULTS as fault:
                await self._endure(fault, _pause(attempt), until if may_repeat() else monotonic())
            attempt += 1

    async def opens(self) -> None:
        """Return when the quota lets a request leave, however long that takes, unless another took its place."""
        await asyncio.sleep(self._bucket.delay(monotonic()))

    async def _admitted(self, until: float) -> None:
        self._refuse_beyond(until, self._waiting + 1)
        self._waiting += 1
        try:
            async with self._turn:
                while delay := self._bucket.delay(monotonic()):
                    self._refuse_beyond(until)
                    await asyncio.sleep(delay)
                self._bucket = self._bucket.taken(monotonic())
        finally:
            self._waiting -= 1

    def _refuse_beyond(self, until: float, requests: int = 1) -> None:
        delay = self._bucket.delay(monotonic(), requests)
        if delay and monotonic() + delay > until:
            raise self._overloaded(delay)

    async def _endure(self, fault: Exception, pause: float, until: float) -> None:
        if isinstance(fault, TooManyRequests):
            self._bucket = self._bucket.emptied(monotonic(), asked_to_wait(fault) or SHUT)
        if is_passing(fault) and monotonic() + pause + _SHORTEST_TRY <= until:
            await asyncio.sleep(pause)
        else:
            raise self._given_up(fault) from fault

    def _given_up(self, fault: Exception) -> EngineError:
        if isinstance(fault, TooManyRequests):
            return self._overloaded(self._bucket.delay(monotonic()))
        return understood(fault)

    def _overloaded(self, delay: float) -> OverloadedError:
        return OverloadedError(
            f"the quota of Google's voices {self._family} is used up, {self._bucket.per_minute} requests a minute "
            f"for this pod; try again in {delay:.0f} s",
            delay,
        )


def _pause(attempt: int) -> float:
    """Seconds, doubling with each attempt, and half of them by chance so that many do not come back at once."""
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0**attempt) * _dice.uniform(0.5, 1.0)

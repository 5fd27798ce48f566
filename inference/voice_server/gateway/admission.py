"""A bounded number of requests at a variant, and a bounded wait for a place among them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class FullError(Exception):
    """No place came free in time."""


class Admission:
    def __init__(self, places: int, max_wait: float) -> None:
        """At most `places` at work, as many again waiting, for `max_wait` seconds each."""
        self._places = asyncio.Semaphore(places)
        self._most_waiting = places
        self._max_wait = max_wait
        self._waiting = 0
        self.inside = 0

    @contextlib.asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold a place; FullError before any work is begun when there is none."""
        await self._enter()
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1
            self._places.release()

    async def _enter(self) -> None:
        if not self._places.locked():
            await self._places.acquire()
            return
        if self._waiting >= self._most_waiting:
            raise FullError
        self._waiting += 1
        try:
            async with asyncio.timeout(self._max_wait):
                await self._places.acquire()
        except TimeoutError:
            raise FullError from None
        finally:
            self._waiting -= 1

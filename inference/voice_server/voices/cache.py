"""Voice profiles: what an engine prepares of a reference once, so that the next text in that voice need not wait."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from voice_server.voices.shelf import Bounds, Shelf

P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class ProfileKey:
    """A reference as it was found, for one version of what one engine makes of it: another one is another profile."""

    engine: str
    version: str
    voice: str
    reference: str


@dataclass(slots=True, eq=False)
class _Flight(Generic[P]):
    task: asyncio.Task[P]
    waiting: int = 0


class ProfileCache(Generic[P]):
    """Profiles kept in memory by key. For one event loop; a profile belongs on the CPU and is never changed.

    Whoever asks for a profile that is being prepared waits for it instead of preparing it again. The preparation
    goes on as long as one of them waits, and a failure is told to the one that began it: the others try themselves.
    """

    def __init__(
        self, size: Callable[[P], int], clock: Callable[[], float], bounds: Bounds | None = None
    ) -> None:
        """`size` gives a profile's bytes."""
        self._size = size
        self._clock = clock
        self._shelf: Shelf[ProfileKey, P] = Shelf(bounds or Bounds())
        self._flights: dict[ProfileKey, _Flight[P]] = {}
        self.hits = 0
        self.misses = 0

    async def get(self, key: ProfileKey, prepare: Callable[[], Coroutine[Any, Any, P]]) -> P:
        """The profile, prepared now unless it is there or on its way; whatever `prepare` raises."""
        while True:
            found = self._shelf.find(key, self._clock())
            if found is not None:
                self.hits += 1
                return found
            flight = self._flights.get(key)
            if flight is None:
                self.misses += 1
                return (await self._landed(key, self._begin(key, prepare))).result()
            landed = await self._landed(key, flight)
            if landed.exception() is None:
                self.hits += 1
                return landed.result()

    async def prepare(self, key: ProfileKey, prepare: Callable[[], Coroutine[Any, Any, P]]) -> None:
        """See that the profile is there; what is kept already counts when it is used."""
        if self._shelf.find(key, self._clock()) is None:
            await self.get(key, prepare)

    def forget(self, voice: str) -> None:
        """Drop all that was made of the voice; what is being made of it is given to those who wait, and not kept."""
        for key in [key for key in (*self._flights, *self._shelf) if key.voice == voice]:
            self._flights.pop(key, None)
            self._shelf.drop(key)

    @property
    def bytes(self) -> int:
        return self._shelf.size

    def __len__(self) -> int:
        return len(self._shelf)

    def _begin(self, key: ProfileKey, prepare: Callable[[], Coroutine[Any, Any, P]]) -> _Flight[P]:
        flight = self._flights[key] = _Flight(asyncio.create_task(prepare()))
        flight.task.add_done_callback(lambda task: self._land(key, flight, task))
        return flight

    async def _landed(self, key: ProfileKey, flight: _Flight[P]) -> asyncio.Task[P]:
        flight.waiting += 1
        try:
            await asyncio.wait({flight.task})
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                self._leave(key, flight)
                flight.task.cancel()
        return flight.task

    def _land(self, key: ProfileKey, flight: _Flight[P], task: asyncio.Task[P]) -> None:
        if task.cancelled() or task.exception() is not None:
            self._leave(key, flight)
        elif self._leave(key, flight):
            profile = task.result()
            self._shelf.keep(key, profile, self._size(profile), self._clock())

    def _leave(self, key: ProfileKey, flight: _Flight[P]) -> bool:
        if self._flights.get(key) is not flight:
            return False
        del self._flights[key]
        return True

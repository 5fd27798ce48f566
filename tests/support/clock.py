"""Time as the test's own process lived it."""

import asyncio
import time

LONGEST_TURN = 0.25
"""Seconds that the event loop takes for a turn where nothing is amiss, with a wide margin."""


class Clock:
    """Seconds, of which a turn of this process's event loop counts as LONGEST_TURN at most.

    What the product promises to do within seconds is measured with it: where the test itself was late, with its
    stand-ins for gateways, Prometheus and the way to the API server, that is no fault of the product's.
    """

    def __init__(self) -> None:
        self._lived, self._turned = 0.0, time.monotonic()
        self.late = 0.0
        """Seconds by which turns were longer than that."""

    def __call__(self) -> float:
        return self._lived + min(time.monotonic() - self._turned, LONGEST_TURN)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            now = time.monotonic()
            self.late += max(0.0, now - self._turned - LONGEST_TURN)
            self._lived, self._turned = self._lived + min(now - self._turned, LONGEST_TURN), now
            await asyncio.sleep(LONGEST_TURN / 5)

"""One variant of one rollout as the gateway sees it: its breaker, its places, its tries."""

import asyncio
from collections.abc import Awaitable, Callable

from voice_server.gateway.admission import Admission, FullError
from voice_server.gateway.breaker import Breaker, Pass
from voice_server.gateway.outcome import Declined, Failed, Outcome, Spoken, Why

PATIENCE = 5.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0

Attempt = Callable[[], Awaitable[Outcome]]


class Upstream:
    def __init__(self, places: int, max_wait: float, clock: Callable[[], float]) -> None:
        self.breaker = Breaker()
        self.admission = Admission(places, max_wait)
        self._clock = clock
        self._generation = 0

    async def ask(self, attempt: Attempt, generation: int, *, last_resort: bool) -> Outcome:
        """The outcome of one request after as many attempts as make sense.

        The last resort is asked even while its breaker is open, for there is nobody else to ask. A new
        generation of the flag is a new decision: failures before it say nothing of the variant as it is now.
        """
        if generation != self._generation:
            self._generation, self.breaker = generation, Breaker()
        began = self._clock()
        self.breaker, leave = self.breaker.ask(began)
        if leave is Pass.NONE and not last_resort:
            return Failed(Why.BREAKER_OPEN, "too many failures in a row")
        try:
            async with self.admission.place():
                outcome = await self._persevere(attempt, patient=last_resort and leave is not Pass.NONE)
        except FullError:
            self.breaker = self.breaker.abandoned(leave)
            return Failed(Why.NO_PLACE, "every place is taken")
        except asyncio.CancelledError:
            self.breaker = self.breaker.abandoned(leave)
            raise
        if generation == self._generation:
            self._record(outcome, leave, began)
        return outcome

    async def _persevere(self, attempt: Attempt, *, patient: bool) -> Outcome:
        """Ask again where that can help; speaking a text twice harms nobody."""
        began = self._clock()
        pause = _FIRST_PAUSE
        outcome = await attempt()
        if _not_begun(outcome) or (patient and _lost(outcome)):
            outcome = await attempt()
        while patient and _unreachable(outcome) and self._clock() - began < PATIENCE:
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            outcome = await attempt()
        return outcome

    def _record(self, outcome: Outcome, leave: Pass, began: float) -> None:
        match outcome:
            case Spoken():
                self.breaker = self.breaker.succeeded(leave)
            case Declined() | Failed(full=True):
                self.breaker = self.breaker.abandoned(leave)
            case Failed(why=Why.LOST) if self.breaker.has_failed_since(began):
                self.breaker = self.breaker.abandoned(leave)
            case Failed():
                self.breaker = self.breaker.failed(self._clock(), leave)


def _unreachable(outcome: Outcome) -> bool:
    """No pod took the connection: the endpoints have not caught up, or the pod is starting anew."""
    return isinstance(outcome, Failed) and outcome.why is Why.UNREACHABLE


def _not_begun(outcome: Outcome) -> bool:
    """Another connection may find another pod, one that listens and whose line is not full."""
    return isinstance(outcome, Failed) and outcome.why in {Why.UNREACHABLE, Why.OVERLOADED}


def _lost(outcome: Outcome) -> bool:
    """A pod took the request and vanished: worth one more pod, not all, should the text be what kills."""
    return isinstance(outcome, Failed) and outcome.why is Why.LOST and not outcome.begun

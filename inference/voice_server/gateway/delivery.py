"""From the variant a user was given to the speech he gets: his own engine, else stable."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from voice_flags import Variant
from voice_server.gateway.outcome import Declined, Failed, Outcome, Spoken, Why

Ask = Callable[[Variant], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the user gets, and how the variant he was given let him down, if it did."""

    assigned: Variant
    outcome: Outcome
    failure: Failed | None = None

    @property
    def fell_back(self) -> bool:
        """Whether stable answered in the candidate's place."""
        return self.assigned is Variant.CANDIDATE and self.failure is not None

    @property
    def status(self) -> str | None:
        """How the request counts for the variant the user was given; None where the client was at fault."""
        if self.failure is not None:
            return "error"
        return None if isinstance(self.outcome, Declined) else "ok"


async def deliver(assigned: Variant, ask: Ask) -> Delivery:
    """Ask the assigned variant, and stable where the candidate does not serve.

    A request that the candidate declines is the client's fault only when stable declines it, too.
    """
    outcome = await ask(assigned)
    if assigned is Variant.STABLE:
        return Delivery(assigned, outcome, outcome if isinstance(outcome, Failed) else None)
    if isinstance(outcome, Spoken):
        return Delivery(assigned, outcome)
    second = await ask(Variant.STABLE)
    if isinstance(outcome, Failed):
        return Delivery(assigned, second, outcome)
    if isinstance(second, Spoken):
        return Delivery(
            assigned, second, Failed(Why.STATUS, f"declined what stable speaks: {outcome.reply.status}")
        )
    return Delivery(assigned, outcome)

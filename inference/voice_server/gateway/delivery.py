"""From the variant a user was given to the speech he gets: his own engine, else stable."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from voice_flags import Variant
from voice_server.gateway.outcome import Declined, Failed, Outcome, Why, unheard

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
        return self.assigned is Variant.CANDIDATE and self.failure is not None and not self.failure.begun

    @property
    def tried(self) -> bool:
        """Whether the variant the user was given was really asked."""
        return self.failure is None or self.failure.attempted

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
    given_up = unheard(outcome)
    if assigned is Variant.STABLE or given_up is None:
        return Delivery(assigned, outcome, outcome if isinstance(outcome, Failed) else None)
    return in_its_place(given_up, await ask(Variant.STABLE))


def in_its_place(first: Failed | Declined, second: Outcome) -> Delivery:
    """What a candidate's user gets of stable."""
    if isinstance(first, Failed):
        return Delivery(Variant.CANDIDATE, second, first)
    if unheard(second) is None:
        declined = Failed(Why.STATUS, f"declined what stable speaks: {first.reply.status}")
        return Delivery(Variant.CANDIDATE, second, declined)
    return Delivery(Variant.CANDIDATE, first)

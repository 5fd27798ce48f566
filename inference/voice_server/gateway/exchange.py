"""What becomes known of one request on its way: for its response's headers and its line in the log."""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from voice_flags import Variant
from voice_server.gateway.delivery import Delivery, in_its_place
from voice_server.gateway.outcome import Declined, Failed, Reply, Spoken, Why
from voice_server.gateway.route import Route
from voice_server.http import RefusedError
from voice_server.logs import milliseconds

log = logging.getLogger(__name__)
_WORD = re.compile(r"[A-Za-z0-9_. /:-]{1,64}")
_STATUS = {Why.NO_PLACE: 429, Why.OVERLOADED: 503, Why.UNREACHABLE: 503, Why.TIMEOUT: 504}


@dataclass(slots=True)
class Exchange:
    """`began` and `ended`, down to the engine's last byte, are moments of the same clock."""

    began: float
    headers: dict[str, str]
    line: dict[str, Any] = field(default_factory=dict)
    ended: float | None = None
    given_up: list[Failed | Declined] = field(default_factory=list)
    """What came of asking so far, where nothing of it was heard."""
    give_back: Callable[[], None] = lambda: None
    """Ends what is held for the answer."""

    def so_far(self, way: Route, begun: Reply) -> Delivery:
        """What the user gets now that an answer has begun."""
        if self.given_up:
            return in_its_place(self.given_up[0], Spoken(begun))
        return Delivery(way.assigned, Spoken(begun))

    def tell(self, delivery: Delivery, way: Route) -> Reply:
        """What is passed on, with headers that say what happened; RefusedError where there is nothing."""
        if delivery.failure is not None and delivery.fell_back:
            self.headers["X-Fallback"] = delivery.failure.why
        reply = self.check(delivery, way)
        answered = Variant.STABLE if delivery.fell_back else delivery.assigned
        name = way.document.endpoint(answered).name
        said = reply.engine if reply.engine and _WORD.fullmatch(reply.engine) else name
        self.headers["X-Engine"] = said
        if reply.tier and _WORD.fullmatch(reply.tier):
            self.headers["X-Quality-Tier"] = reply.tier
        return reply

    def check(self, delivery: Delivery, way: Route) -> Reply:
        """What is passed on; RefusedError where there is nothing, or it broke off."""
        if delivery.failure is not None:
            self.line |= {"failure": delivery.failure.why, "failure_detail": delivery.failure.detail}
        if isinstance(delivery.outcome, Failed):
            raise _refusal(delivery.outcome, way)
        return delivery.outcome.reply

    def log(self, status: int, now: float) -> None:
        """Write the line, once."""
        told = {
            name.lower().removeprefix("x-").replace("-", "_"): value for name, value in self.headers.items()
        }
        took = (now if self.ended is None else self.ended) - self.began
        log.info("speech", extra=self.line | told | {"status": status, "duration_ms": milliseconds(took)})


def _refusal(failed: Failed, way: Route) -> RefusedError:
    rollout = way.document.rollout
    could_not = "speak this to its end" if failed.begun else "speak this"
    message = f"no engine of the rollout {rollout} could {could_not} ({failed.why}); try again a little later"
    return RefusedError(
        _STATUS.get(failed.why, 502), failed.why, message, retry_after=failed.retry_after or 1
    )

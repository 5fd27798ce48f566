"""Every variant that this gateway has sent requests to."""

from collections.abc import Callable

from voice_flags import Variant
from voice_server.gateway.metrics import GatewayMetrics
from voice_server.gateway.upstream import Upstream


class Upstreams:
    def __init__(
        self, places: int, max_wait: float, figures: GatewayMetrics, clock: Callable[[], float]
    ) -> None:
        self._places = places
        self._max_wait = max_wait
        self._figures = figures
        self._clock = clock
        self._known: dict[tuple[str, Variant], Upstream] = {}

    def of(self, rollout: str, variant: Variant) -> Upstream:
        known = self._known.get((rollout, variant))
        if known is None:
            known = self._known[rollout, variant] = Upstream(self._places, self._max_wait, self._clock)
            self._figures.show(rollout, variant, known)
        return known

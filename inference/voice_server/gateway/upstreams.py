"""Every variant that this gateway sends requests to."""

from collections.abc import Callable
from dataclasses import dataclass, field

from voice_flags import Document, Variant
from voice_server.gateway.forward import Forwarder
from voice_server.gateway.metrics import GatewayMetrics
from voice_server.gateway.outcome import Outcome
from voice_server.gateway.tap import Tap
from voice_server.gateway.upstream import Upstream
from voice_server.schemas import SpeechRequest


@dataclass(frozen=True)
class Upstreams:
    """Each variant has `places` places of its own, so that a slow one takes none of another's."""

    forwarder: Forwarder
    figures: GatewayMetrics
    clock: Callable[[], float]
    places: int
    max_wait: float
    _known: dict[tuple[str, Variant], Upstream] = field(default_factory=dict, init=False)

    async def ask(
        self,
        document: Document,
        variant: Variant,
        speech: SpeechRequest,
        request_id: str,
        tap: Tap | None = None,
    ) -> Outcome:
        """The outcome of asking one variant of the rollout; stable is the last resort."""
        endpoint = document.endpoint(variant)
        body = speech.for_engine(endpoint.name)
        return await self._of(document.rollout, variant).ask(
            lambda: self.forwarder.send(endpoint.url or "", body, request_id, tap),
            document.generation,
            last_resort=variant is Variant.STABLE,
        )

    def _of(self, rollout: str, variant: Variant) -> Upstream:
        known = self._known.get((rollout, variant))
        if known is None:
            known = self._known[rollout, variant] = Upstream(self.places, self.max_wait, self.clock)
            self.figures.show(rollout, variant, known)
        return known

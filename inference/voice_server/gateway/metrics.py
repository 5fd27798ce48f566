"""The gateway's figures: every request counts for the variant that its user was given."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from voice_flags import Document, Variant
from voice_server.gateway.delivery import Delivery
from voice_server.gateway.upstream import Upstream
from voice_server.metrics import FIRST_SECONDS, SECONDS

_WHOSE = ("rollout", "variant")
_STATUSES = ("ok", "error")
PATIENCE = 8.0
"""Seconds that a client may be expected to wait: the p95 that is promised under load."""


class GatewayMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._synthesis = Counter(
            "tts_synthesis", "Requests by the variant that the user was given and whether it served",
            (*_WHOSE, "status", "voice_model", "character"), registry=registry,
        )  # fmt: skip
        self._duration = Histogram(
            "tts_synthesis_duration_seconds", "From a request's arrival to its answer, a fallback included",
            _WHOSE, buckets=SECONDS, registry=registry,
        )  # fmt: skip
        self._first_audio = Histogram(
            "tts_first_audio_seconds", "From a streamed request's arrival to the first sound that is let through",
            _WHOSE, buckets=FIRST_SECONDS, registry=registry,
        )  # fmt: skip
        self._fallback = Counter(
            "tts_fallback", "Requests that stable answered instead", _WHOSE, registry=registry
        )
        self._abandoned = Counter(
            "voice_gateway_abandoned",
            "Requests whose client left before the answer",
            _WHOSE,
            registry=registry,
        )
        self._in_flight = Gauge(
            "voice_gateway_in_flight", "Requests at the variant now", _WHOSE, registry=registry
        )
        self.held = Gauge(
            "voice_gateway_held_bytes", "Memory held for the answers that are on their way", registry=registry
        )
        self._breaker = Gauge(
            "voice_gateway_breaker_open", "1 while the variant is left in peace", _WHOSE, registry=registry
        )
        self._generation = Gauge(
            "voice_flags_generation",
            "Generation of the flag document in force",
            ("rollout",),
            registry=registry,
        )
        self.rejected = Counter(
            "voice_flags_rejected", "Flag documents that were refused", ("rollout",), registry=registry
        )
        self.age = Gauge(
            "voice_flags_age_seconds", "Since the source of the flags last answered", registry=registry
        )

    def know(self, document: Document) -> None:
        """Show every figure of a rollout at 0 from the start, and its generation as acknowledged."""
        self._generation.labels(document.rollout).set(document.generation)
        self.rejected.labels(document.rollout)
        for variant in Variant:
            whose = (document.rollout, variant)
            self._duration.labels(*whose)
            self._first_audio.labels(*whose)
            self._fallback.labels(*whose)
            self._abandoned.labels(*whose)
            for character in ("", *sorted(document.characters or ())):
                for status in _STATUSES:
                    self._synthesis.labels(*whose, status, document.endpoint(variant).name, character)

    def show(self, rollout: str, variant: Variant, upstream: Upstream) -> None:
        """Show the variant's breaker and load as they are at each scrape."""
        self._in_flight.labels(rollout, variant).set_function(lambda: upstream.admission.inside)
        self._breaker.labels(rollout, variant).set_function(lambda: upstream.breaker.is_open)

    def delivered(
        self, document: Document, delivery: Delivery, character: str | None, seconds: float
    ) -> None:
        """Count one request. The time shows in the histogram only when the given variant was really asked."""
        if delivery.status is None:
            return
        whose = (document.rollout, delivery.assigned)
        self._count(document, delivery.assigned, delivery.status, character)
        if delivery.fell_back:
            self._fallback.labels(*whose).inc()
        if delivery.tried:
            self._duration.labels(*whose).observe(seconds)

    def begun(self, document: Document, delivery: Delivery, seconds: float) -> None:
        """Observe the wait for the first sound of a stream, where the given variant was really asked."""
        if delivery.tried:
            self._first_audio.labels(document.rollout, delivery.assigned).observe(seconds)

    def left(self, document: Document, assigned: Variant) -> None:
        """Count a client that has heard enough, which is nobody's error."""
        self._abandoned.labels(document.rollout, assigned).inc()

    def abandoned(self, document: Document, assigned: Variant, character: str | None, seconds: float) -> None:
        """Count a client that left: after so long a wait that the variant is to blame, as an error."""
        self.left(document, assigned)
        if seconds >= PATIENCE:
            self._count(document, assigned, "error", character)
            self._duration.labels(document.rollout, assigned).observe(seconds)

    def _count(self, document: Document, assigned: Variant, status: str, character: str | None) -> None:
        known = character if document.characters and character in document.characters else ""
        model = document.endpoint(assigned).name
        self._synthesis.labels(document.rollout, assigned, status, model, known).inc()

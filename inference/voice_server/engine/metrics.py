"""The figures of one engine pod, each under its rollout and variant."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from voice_server.metrics import SECONDS

_WHOSE = ("rollout", "variant")
_REAL_TIME_FACTORS = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2, 4, 8)


class EngineMetrics:
    def __init__(self, registry: CollectorRegistry, rollout: str, variant: str) -> None:
        whose = (rollout, variant)
        self.real_time_factor = Histogram(
            "tts_real_time_factor", "Seconds of work for a second of speech",
            _WHOSE, buckets=_REAL_TIME_FACTORS, registry=registry,
        ).labels(*whose)  # fmt: skip
        self._duration = Histogram(
            "tts_engine_duration_seconds", "From a request's arrival at the engine to its answer",
            _WHOSE, buckets=SECONDS, registry=registry,
        ).labels(*whose)  # fmt: skip
        self.waiting = Gauge(
            "tts_engine_queue_depth", "Requests waiting for their turn", _WHOSE, registry=registry
        ).labels(*whose)
        self._requests = Counter(
            "tts_engine_requests", "Requests by how they ended", (*_WHOSE, "outcome"), registry=registry
        )
        self._whose = whose
        self.out_of_memory = Counter(
            "tts_vram_oom", "Times the graphics memory did not suffice", _WHOSE, registry=registry
        ).labels(*whose)
        Gauge("tts_vram_bytes", "Graphics memory held", _WHOSE, registry=registry).labels(*whose)
        for outcome in ("ok", "error", "timeout", "refused", "invalid", "abandoned"):
            self._requests.labels(*whose, outcome)

    def count(self, outcome: str, seconds: float) -> None:
        """One request that ended so after so long."""
        self._duration.observe(seconds)
        self._requests.labels(*self._whose, outcome).inc()

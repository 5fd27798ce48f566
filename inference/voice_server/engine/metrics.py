"""The figures of one engine pod, each under its rollout and variant."""

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from voice_server.engines.base import Counted, Engine, FallsBack, KeepsCaches, OnCard
from voice_server.metrics import FIRST_SECONDS, SECONDS

_WHOSE = ("rollout", "variant")
_REAL_TIME_FACTORS = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2, 4, 8)
_BATCHES = (1, 2, 3, 4, 5, 8, 16, 32)
_RATES = (2, 5, 8, 10, 12, 14, 16, 18, 20, 25, 30, 50)
_DECIBELS = (5, 10, 15, 20, 25, 30, 35, 40, 50, 60)
_OUTCOMES = ("ok", "error", "timeout", "refused", "invalid", "abandoned")
_ERRORS = ("VALIDATION", "RESOURCE", "MODEL", "TIMEOUT", "UNKNOWN")


class EngineMetrics:
    def __init__(self, registry: CollectorRegistry, rollout: str, variant: str) -> None:
        self._registry = registry
        self._whose = whose = (rollout, variant)
        self.real_time_factor = Histogram(
            "tts_real_time_factor", "Seconds of work for a second of speech",
            _WHOSE, buckets=_REAL_TIME_FACTORS, registry=registry,
        ).labels(*whose)  # fmt: skip
        self._by_tier = Histogram(
            "tts_engine_real_time_factor", "Seconds of work for a second of speech, by quality tier",
            (*_WHOSE, "tier"), buckets=_REAL_TIME_FACTORS, registry=registry,
        )  # fmt: skip
        self._rate = Histogram(
            "tts_speaking_rate", "Letters and digits in a second of speech",
            _WHOSE, buckets=_RATES, registry=registry,
        ).labels(*whose)  # fmt: skip
        self._snr = Histogram(
            "tts_snr_db", "Speech over noise", _WHOSE, buckets=_DECIBELS, registry=registry
        ).labels(*whose)
        self.batch_size = Histogram(
            "tts_engine_batch_size", "Requests spoken together", _WHOSE, buckets=_BATCHES, registry=registry
        ).labels(*whose)
        self._duration = Histogram(
            "tts_engine_duration_seconds", "From a request's arrival at the engine to its answer",
            _WHOSE, buckets=SECONDS, registry=registry,
        ).labels(*whose)  # fmt: skip
        self.first_audio = Histogram(
            "tts_engine_first_audio_seconds", "From a streamed request's arrival to its first sound",
            _WHOSE, buckets=FIRST_SECONDS, registry=registry,
        ).labels(*whose)  # fmt: skip
        self.waiting = self._gauge("tts_engine_queue_depth", "Requests waiting for their turn")
        self.ahead = self._gauge("tts_engine_queue_seconds", "Foreseen wait of a request that came now")
        self.load = self._gauge("tts_engine_model_load_seconds", "Loading and warming up, the last time")
        self.vram = self._gauge("tts_vram_bytes", "Graphics memory held")
        self.out_of_memory = Counter(
            "tts_vram_oom", "Times the graphics memory did not suffice", _WHOSE, registry=registry
        ).labels(*whose)
        self._requests = self._counter(
            "tts_engine_requests", "Requests by how they ended", "outcome", _OUTCOMES
        )
        self._errors = self._counter("tts_engine_errors", "Requests without speech by kind", "kind", _ERRORS)

    def watch(self, engine: Engine) -> None:
        """Show what the engine itself knows: its caches, its card."""
        if isinstance(engine, OnCard):
            self.vram.set_function(lambda: engine.vram()[1])
        if isinstance(engine, KeepsCaches):
            self._registry.register(_Caches(engine.caches, self._whose))
        if isinstance(engine, FallsBack):
            self._registry.register(_Fallbacks(engine, self._whose))

    def count(self, outcome: str, seconds: float, error: str | None = None) -> None:
        """One request that ended so after so long, with the kind of its error if there was one."""
        self._duration.observe(seconds)
        self._requests.labels(*self._whose, outcome).inc()
        if error is not None:
            self._errors.labels(*self._whose, error).inc()

    def spoke(self, tier: str, factor: float) -> None:
        """One request was spoken at the tier, in `factor` seconds of work for a second of speech."""
        self.real_time_factor.observe(factor)
        self._by_tier.labels(*self._whose, tier).observe(factor)

    def heard(self, snr: float, rate: float) -> None:
        """What was measured of one request's speech: dB; letters and digits a second."""
        self._snr.observe(snr)
        self._rate.observe(rate)

    def _gauge(self, name: str, meaning: str) -> Gauge:
        return Gauge(name, meaning, _WHOSE, registry=self._registry).labels(*self._whose)

    def _counter(self, name: str, meaning: str, label: str, values: tuple[str, ...]) -> Counter:
        counter = Counter(name, meaning, (*_WHOSE, label), registry=self._registry)
        for value in values:
            counter.labels(*self._whose, value)
        return counter


class _Caches(Collector):
    """The caches' own counts, read when Prometheus asks."""

    def __init__(self, caches: Mapping[str, Counted], whose: tuple[str, str]) -> None:
        self._caches = caches
        self._whose = whose

    def collect(self) -> Iterator[CounterMetricFamily]:
        family = CounterMetricFamily(
            "tts_cache_requests", "What caches were asked, by result", labels=(*_WHOSE, "cache", "result")
        )
        for name, cache in self._caches.items():
            family.add_metric((*self._whose, name, "hit"), cache.hits)
            family.add_metric((*self._whose, name, "miss"), cache.misses)
        yield family


class _Fallbacks(Collector):
    """The engine's own count, read when Prometheus asks."""

    def __init__(self, engine: FallsBack, whose: tuple[str, str]) -> None:
        self._engine = engine
        self._whose = whose

    def collect(self) -> Iterator[CounterMetricFamily]:
        family = CounterMetricFamily(
            "tts_chirp3_fallback", "Requests that another voice spoke in a Chirp voice's place", labels=_WHOSE
        )
        family.add_metric(self._whose, self._engine.fallbacks)
        yield family

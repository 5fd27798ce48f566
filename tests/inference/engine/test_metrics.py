from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from support.engines import ToneEngine
from voice_server import metrics
from voice_server.engine.metrics import EngineMetrics

WHOSE = {"rollout": "f5-tts", "variant": "candidate"}


@dataclass
class Counts:
    hits: int = 0
    misses: int = 0


class RichEngine(ToneEngine):
    """On a card, with a cache, and with another voice to fall back to."""

    fallbacks = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.caches = {"voices": Counts()}

    def vram(self) -> tuple[int, int]:
        return 1000, 2000


def figures_of(engine: ToneEngine) -> CollectorRegistry:
    registry = metrics.new_registry()
    EngineMetrics(registry, **WHOSE).watch(engine)
    return registry


def test_what_the_engine_itself_knows_is_read_when_prometheus_asks() -> None:
    engine = RichEngine()
    registry = figures_of(engine)
    engine.fallbacks = 3
    engine.caches["voices"] = Counts(7, 2)

    def figure(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(name, WHOSE | labels)

    assert figure("tts_vram_bytes") == 2000
    assert figure("tts_chirp3_fallback_total") == 3
    assert figure("tts_cache_requests_total", cache="voices", result="hit") == 7
    assert figure("tts_cache_requests_total", cache="voices", result="miss") == 2


def test_an_engine_without_caches_and_card_shows_none() -> None:
    registry = figures_of(ToneEngine())

    assert registry.get_sample_value("tts_vram_bytes", WHOSE) == 0
    assert registry.get_sample_value("tts_chirp3_fallback_total", WHOSE) is None
    assert (
        registry.get_sample_value("tts_cache_requests_total", WHOSE | {"cache": "voices", "result": "hit"})
        is None
    )

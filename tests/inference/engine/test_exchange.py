"""What is counted and logged of one request."""

import pytest

from support.engines import Clock
from voice_server import metrics
from voice_server.engine.exchange import Exchange
from voice_server.engine.metrics import EngineMetrics
from voice_server.http import RefusedError


def counted(figures: EngineMetrics, name: str, **labels: str) -> float | None:
    return figures._registry.get_sample_value(name, {"rollout": "r", "variant": "v"} | labels)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def figures() -> EngineMetrics:
    return EngineMetrics(metrics.new_registry(), "r", "v")


@pytest.fixture
def exchange(figures: EngineMetrics, clock: Clock) -> Exchange:
    return Exchange("id", "tone", figures, clock)


def test_the_time_that_a_listener_takes_is_not_the_engines(
    exchange: Exchange, figures: EngineMetrics, clock: Clock
) -> None:
    for seconds in (1, 2):
        clock.now += seconds
        with exchange.handing_over():
            clock.now += 100
    exchange.settle("ok")

    assert counted(figures, "tts_engine_duration_seconds_sum") == 3
    assert counted(figures, "tts_engine_first_audio_seconds_sum") == 1
    assert exchange.line["first_audio_ms"] == 1000


@pytest.mark.parametrize(
    ("param", "told"),
    [("input", "unspeakable_text"), ("voice", "voice: there is no voice 'x'")],
)
def test_what_is_said_of_a_text_is_not_logged_for_it_may_quote_the_text(
    exchange: Exchange, param: str, told: str
) -> None:
    exchange.refuse(RefusedError(422, "unspeakable_text", "voice: there is no voice 'x'", param))

    assert exchange.line["reason"] == told


def test_it_ends_once(exchange: Exchange, figures: EngineMetrics) -> None:
    exchange.refuse(RefusedError(504, "timeout", "the engine did not finish in time"))
    exchange.settle("abandoned")

    outcomes = {
        outcome: counted(figures, "tts_engine_requests_total", outcome=outcome)
        for outcome in ("timeout", "abandoned", "ok")
    }
    assert outcomes == {"timeout": 1, "abandoned": 0, "ok": 0}
    assert counted(figures, "tts_engine_errors_total", kind="TIMEOUT") == 1

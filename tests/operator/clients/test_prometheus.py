"""The built-in templates on a real Prometheus that scrapes real counters."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import Counter, Histogram

from support.real_prometheus import Pod, RealPrometheus
from support.rollouts import ERROR_RATE, a_rollout
from voice_rollout.api.spec import Analysis, Metric
from voice_rollout.api.status import VerdictKind
from voice_rollout.clients.prometheus import Answer, Prometheus
from voice_rollout.decision.judge import Failed, Grounds, Measured, judge
from voice_rollout.resources.templates import catalogue

WINDOW = 6
TEMPLATES = catalogue(f"{{error-rate: {{window: {WINDOW}s}}, latency-p99: {{window: {WINDOW}s}}}}")
BEAT_SECONDS = 0.1
EACH_BEAT = 27
"""Requests that `Traffic` makes in a beat."""


class Gateway(Pod):
    """What a gateway tells of the rollouts that it serves."""

    def __init__(self, namespace: str, name: str) -> None:
        super().__init__(namespace, name)
        labels = ("rollout", "variant")
        self.requests = Counter("tts_synthesis", "", (*labels, "status", "character"), registry=self.registry)
        self.durations = Histogram(
            "tts_synthesis_duration_seconds", "", labels, buckets=(0.25, 0.5, 1, 2, 5), registry=self.registry
        )
        self.oom = Counter("tts_vram_oom", "", labels, registry=self.registry)
        for rollout in ("good", "bad", "idle"):
            for variant in ("stable", "candidate"):
                self.requests.labels(rollout, variant, "ok", "pip_boy")
                self.durations.labels(rollout, variant)
                self.oom.labels(rollout, variant)
        self.requests.labels("bad", "candidate", "error", "pip_boy")

    def serve(self, rollout: str, variant: str, status: str, seconds: float) -> None:
        self.requests.labels(rollout, variant, status, "pip_boy").inc()
        self.durations.labels(rollout, variant).observe(seconds)


class Traffic:
    """Users, from `start` until `stop`."""

    def __init__(self, ours: list[Gateway], theirs: Gateway) -> None:
        self._ours, self._theirs = ours, theirs
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._flow)

    def start(self) -> None:
        self._thread.start()

    def _flow(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            for gateway in self._ours:
                for _ in range(4):
                    gateway.serve("good", "candidate", "ok", 0.4)
                    gateway.serve("good", "stable", "ok", 1.5)
                    gateway.serve("bad", "candidate", "ok", 0.1)
                gateway.serve("bad", "candidate", "error", 3.0)
            self._theirs.serve("good", "candidate", "broken", 4.0)

    def stop(self) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()


@pytest.fixture(scope="module")
def ours() -> Iterator[list[Gateway]]:
    gateways = [Gateway("voice", "gateway-1"), Gateway("voice", "gateway-2")]
    yield gateways
    for gateway in gateways:
        gateway.stop()


@pytest.fixture(scope="module")
def measured(ours: list[Gateway], tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealPrometheus]:
    """A Prometheus that has watched traffic for a window."""
    theirs = Gateway("staging", "gateway-1")
    prometheus = RealPrometheus(tmp_path_factory.mktemp("prometheus"), [*ours, theirs])
    traffic = Traffic(ours, theirs)
    try:
        prometheus.wait_scraped(pods=3)
        traffic.start()
        for gateway in ours:
            gateway.oom.labels("bad", "candidate").inc(3)
        scraped = f"min(count_over_time(up[{WINDOW}s] offset 1s)) >= {WINDOW - 1}"
        served = f"sum(tts_synthesis_total offset 1s) > {EACH_BEAT / BEAT_SECONDS * (WINDOW + 2)}"
        prometheus.moment = prometheus.first_found(f"{scraped} and {served}") - timedelta(seconds=1)
        yield prometheus
    finally:
        traffic.stop()
        prometheus.stop()
        theirs.stop()


def ask(prometheus: RealPrometheus, template: str) -> Answer:
    answer = Prometheus(prometheus.url).ask(TEMPLATES[template], prometheus.moment)
    assert isinstance(answer, Answer), answer
    return answer


def reading(prometheus: RealPrometheus, template: str, rollout: str, namespace: str = "voice") -> Measured:
    found = ask(prometheus, template).reading(namespace, rollout)
    assert isinstance(found, Measured), found
    return found


def kind(found: Measured) -> str:
    """The verdict on an error rate."""
    metric = Metric.model_validate(ERROR_RATE)
    return judge(metric, found, Grounds(Analysis(), "alpha", None, found.at)).kind


def test_no_errors_at_all_is_a_rate_of_zero(measured: RealPrometheus) -> None:
    found = reading(measured, "error-rate", "good")

    assert (found.candidate, found.stable) == (0.0, 0.0)
    assert kind(found) == VerdictKind.GOOD


def test_an_error_rate_is_that_of_all_gateways_together(measured: RealPrometheus) -> None:
    found = reading(measured, "error-rate", "bad")

    assert found.candidate == pytest.approx(0.2, abs=0.04)
    assert kind(found) == VerdictKind.BAD


def test_anything_but_ok_is_an_error_and_another_namespace_is_another_rollout(
    measured: RealPrometheus,
) -> None:
    assert reading(measured, "error-rate", "good", "staging").candidate == 1.0
    assert reading(measured, "error-rate", "good", "voice").candidate == 0.0


def test_samples_are_the_requests_of_the_window_on_the_candidate(measured: RealPrometheus) -> None:
    sent = 2 * 4 / BEAT_SECONDS * WINDOW
    found = reading(measured, "error-rate", "good")
    counted = reading(measured, "latency-p99", "good")

    assert found.samples is not None
    assert 0.3 * sent < found.samples < 1.3 * sent
    assert counted.samples == pytest.approx(found.samples, rel=0.2)


def test_without_traffic_there_is_nothing_to_judge(measured: RealPrometheus) -> None:
    for template in ("error-rate", "latency-p99"):
        found = reading(measured, template, "idle")
        assert found.samples == 0
        assert kind(found) == VerdictKind.INCONCLUSIVE


def test_a_rollout_that_nobody_measures_has_no_data(measured: RealPrometheus) -> None:
    found = reading(measured, "error-rate", "absent")

    assert (found.candidate, found.stable, found.samples) == (None, None, 0.0)
    assert kind(found) == VerdictKind.INCONCLUSIVE


def test_the_slowest_hundredth_is_found_in_its_bucket(measured: RealPrometheus) -> None:
    good, bad = (reading(measured, "latency-p99", rollout) for rollout in ("good", "bad"))

    assert good.candidate is not None
    assert 0.25 < good.candidate <= 0.5
    assert good.stable is not None
    assert 1 < good.stable <= 2
    assert bad.candidate is not None
    assert 2 < bad.candidate <= 5


def test_events_of_an_hour_are_counted_and_need_no_samples(measured: RealPrometheus) -> None:
    found = reading(measured, "vram-oom-per-hour", "bad")

    assert found.candidate is not None
    assert 6 <= found.candidate < 9
    assert (found.samples, reading(measured, "vram-oom-per-hour", "good").candidate) == (None, 0.0)


def test_one_query_answers_for_every_rollout_of_every_namespace(measured: RealPrometheus) -> None:
    figures = ask(measured, "error-rate").figures

    assert {("voice", "good"), ("voice", "bad"), ("staging", "good")} <= figures.keys()


def test_the_metrics_of_a_spec_are_templates_that_exist() -> None:
    assert {metric.template for metric in a_rollout().spec.analysis.metrics} <= TEMPLATES.keys()


def test_a_query_that_prometheus_refuses_is_a_failure(measured: RealPrometheus) -> None:
    broken: Any = replace(TEMPLATES["error-rate"], query="sum by (")
    failed = Prometheus(measured.url).ask(broken, measured.moment)

    assert isinstance(failed, Failed)
    assert failed.reason == "Prometheus: HTTP 400 Bad Request"

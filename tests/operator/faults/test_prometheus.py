"""Rule R2: whatever is wrong with Prometheus holds the climb, says so, and never stands in the way of a person."""

from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from support import prometheus_stub as prometheus
from support.flag_history import Place
from support.manifests import a_spec
from support.prometheus_stub import BAD, EMPTY, GOOD, NAN, Figure
from support.stage import Stage

BROKEN: list[tuple[Callable[[], Awaitable[web.StreamResponse]], str]] = [
    (prometheus.html, "not JSON"),
    (prometheus.unavailable, "HTTP 503 Service Unavailable"),
    (prometheus.slow, "no answer in 2 s"),
    (prometheus.warning, "its answer is partial"),
    (prometheus.something_else, "answered something else"),
    (prometheus.empty, "no data for the candidate"),
    (prometheus.endless, "more than 8 MiB"),
]
FIGURES = [
    (NAN, "the figure is nan"),
    (EMPTY, "no data for the candidate"),
    (Figure(float("inf")), "the figure is inf"),
    (Figure(0.9, samples=3), "3 of 10 requests in 5 s"),
]
PATIENT_SECONDS = 10
"""For so long a breach must last: time enough to lose sight of it before."""


async def holding_at_alpha(stage: Stage) -> None:
    await stage.create(a_spec(), NAN)
    await stage.start()
    await stage.until(phase="alpha", state="Holding", metrics=lambda metrics: metrics)


async def test_a_prometheus_that_is_out_of_order_holds_and_is_named_until_it_is_mended(stage: Stage) -> None:
    await holding_at_alpha(stage)

    stage.measure(GOOD)
    for answer, reason in BROKEN:
        stage.prometheus.broken = answer
        held = await stage.until(message=lambda message, reason=reason: reason in message)
        await stage.prometheus.asked_again(2)
        assert stage.flags.places[-1] == Place("alpha", 10), reason
        assert "10.0.0.7" not in str(held), "what stands in an answer's body is nobody's business"

    stage.prometheus.broken = None
    await stage.history(lambda flags: Place("beta", 10) in flags.places)


async def test_a_figure_that_says_nothing_holds_and_is_named_until_there_is_one(stage: Stage) -> None:
    await holding_at_alpha(stage)

    for figure, reason in FIGURES:
        stage.measure(figure)
        await stage.until(message=lambda message, reason=reason: reason in message)
        await stage.prometheus.asked_again(2)
        assert stage.flags.places[-1] == Place("alpha", 10), reason

    stage.measure(GOOD)
    await stage.history(lambda flags: Place("beta", 10) in flags.places)


async def test_a_prometheus_that_is_gone_holds_and_the_climb_resumes_when_it_is_back(stage: Stage) -> None:
    await holding_at_alpha(stage)

    await stage.prometheus.stop()
    held = await stage.until(message=lambda message: "cannot be reached" in message)
    await stage.prometheus.start()
    stage.measure(GOOD)

    assert (held["phase"], held["percentage"]) == ("alpha", 10)
    await stage.history(lambda flags: Place("beta", 10) in flags.places)


async def test_a_breach_is_not_acted_upon_while_nobody_can_see_whether_it_lasts(stage: Stage) -> None:
    await holding_at_alpha(stage)
    metric = (await stage.rollout())["spec"]["analysis"]["metrics"][0]
    patient = metric | {"rollback": metric["rollback"] | {"for": f"{PATIENT_SECONDS}s"}}
    await stage.change(analysis={"metrics": [patient]})

    stage.measure(BAD)
    await stage.until(metrics=lambda metrics: metrics and metrics[0]["verdict"] == "Bad")
    stage.prometheus.broken = prometheus.unavailable
    await stage.until(metrics=lambda metrics: metrics[0]["verdict"] == "Error")
    await stage.prometheus.asked_again(PATIENT_SECONDS + 1)

    assert (await stage.status())["phase"] == "alpha"


async def test_while_it_is_away_the_gateways_own_counters_take_users_back(stage: Stage) -> None:
    gateway = await stage.gateway()
    await holding_at_alpha(stage)
    await stage.prometheus.stop()
    await stage.until(metrics=lambda metrics: metrics[0]["verdict"] == "Error")

    gateway.requests = {"ok": 60.0, "error": 40.0}

    held = await stage.until(state="RolledBack", phase="disabled")
    assert "0.4 breaks the rollback bound" in held["message"]
    assert "by the gateways' own counters (Prometheus: cannot be reached)" in held["message"]


@pytest.mark.parametrize("answer", [prometheus.slow, prometheus.unavailable])
async def test_disabled_works_within_two_seconds_while_prometheus_does_not(
    stage: Stage, answer: Callable[[], Awaitable[web.StreamResponse]]
) -> None:
    await holding_at_alpha(stage)
    stage.prometheus.broken = answer
    await stage.until(message=lambda message: "Prometheus" in message)

    assert await stage.disable() < 2


async def test_without_a_verdict_for_too_long_the_policy_decides(stage: Stage) -> None:
    spec = a_spec()
    spec["analysis"] |= {"stallAfter": "5s", "onNoData": "Rollback"}
    await stage.create(spec, NAN)
    await stage.start()

    rolled_back = await stage.until(state="RolledBack")

    assert stage.flags.documents[-1]["state"] == "off"
    assert "no verdict for 5s: error-rate inconclusive: the figure is nan" in rolled_back["message"]

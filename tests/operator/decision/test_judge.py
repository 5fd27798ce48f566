from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from support.rollouts import ERROR_RATE, NOW, P99, VRAM_OOM, a_reading, seconds
from voice_rollout.api.spec import Analysis, Metric
from voice_rollout.api.status import VerdictKind
from voice_rollout.decision.judge import Failed, Grounds, Reading, Verdict, judge

RATING = {"name": "mos", "template": "mos", "promote": {"min": 4.0}, "rollback": {"min": 3.0}}
GROUNDS = Grounds(Analysis(), "alpha", evidence_from=None, now=NOW)

any_float = st.floats(allow_nan=True, allow_infinity=True) | st.none()
metrics = st.sampled_from([ERROR_RATE, P99, VRAM_OOM, RATING])


def verdict(metric: dict[str, Any], reading: Reading | None, **grounds: Any) -> Verdict:
    return judge(Metric.model_validate(metric), reading, replace(GROUNDS, **grounds))


def kind(metric: dict[str, Any], reading: Reading | None, **grounds: Any) -> str:
    return verdict(metric, reading, **grounds).kind


@pytest.mark.parametrize(
    ("reading", "says"),
    [
        (None, "not measured yet"),
        (a_reading(candidate=None), "no data for the candidate"),
        (a_reading(candidate=float("nan")), "the figure is nan"),
        (a_reading(candidate=float("inf")), "the figure is inf"),
        (a_reading(candidate=float("-inf")), "the figure is -inf"),
        (a_reading(samples=49.9), "49 of 50 requests in 30 s"),
        (a_reading(samples=0.0), "0 of 50 requests in 30 s"),
        (a_reading(samples=float("nan")), "the number of requests is nan"),
        (a_reading(samples=float("inf")), "the number of requests is inf"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("metric", [ERROR_RATE, VRAM_OOM, RATING], ids=lambda metric: str(metric["name"]))
def test_what_is_no_evidence_is_inconclusive_and_says_why(
    metric: dict[str, Any], reading: Reading | None, says: str
) -> None:
    found = verdict(metric, reading)

    assert (found.kind, found.breach, found.reason) == (VerdictKind.INCONCLUSIVE, False, says)


def test_a_failed_answer_is_an_error_with_its_reason() -> None:
    found = verdict(ERROR_RATE, Failed(NOW, "Prometheus: cannot be reached"))

    assert (found.kind, found.breach) == (VerdictKind.ERROR, False)
    assert found.reason == "Prometheus: cannot be reached"


AWAY = Failed(NOW, "Prometheus: cannot be reached")


def test_while_prometheus_is_away_the_gateways_own_counters_break_the_bound() -> None:
    found = judge(Metric.model_validate(ERROR_RATE), AWAY, GROUNDS, counted=a_reading(0.2))

    assert (found.kind, found.breach) == (VerdictKind.BAD, True)
    assert found.reason == (
        "0.2 breaks the rollback bound, max 0.05 by the gateways' own counters (Prometheus: cannot be reached)"
    )


@given(any_float, st.floats(0, 1000) | st.just(float("nan")))
def test_the_gateways_own_counters_never_promote_nor_take_back_without_evidence(
    figure: float | None, samples: float
) -> None:
    counted = a_reading(figure, samples=samples)
    found = judge(Metric.model_validate(ERROR_RATE), AWAY, GROUNDS, counted)

    assert found.kind in {VerdictKind.ERROR, VerdictKind.BAD}
    assert not found.allows_promotion
    assert found.breach == (samples >= 50 and figure is not None and 0.05 < figure < float("inf"))


@given(any_float)
def test_what_prometheus_answers_is_what_counts(figure: float) -> None:
    told = a_reading(figure)

    metric = Metric.model_validate(ERROR_RATE)
    assert judge(metric, told, GROUNDS, counted=a_reading(0.9)).reason == judge(metric, told, GROUNDS).reason


def test_what_was_counted_before_the_evidence_began_is_no_evidence() -> None:
    grounds = replace(GROUNDS, evidence_from=NOW - seconds(5))

    assert not judge(Metric.model_validate(ERROR_RATE), AWAY, grounds, counted=a_reading(0.9)).breach


@pytest.mark.parametrize("figure", [0.001, 0.9])
def test_an_old_answer_says_nothing_about_now(figure: float) -> None:
    found = verdict(ERROR_RATE, a_reading(figure), now=NOW + seconds(36))

    assert (found.kind, found.breach, found.reason) == (
        VerdictKind.ERROR,
        False,
        "the last answer is 36 s old",
    )


def test_an_answer_counts_for_three_intervals_and_a_little() -> None:
    assert kind(ERROR_RATE, a_reading(), now=NOW + seconds(35)) == VerdictKind.GOOD


def test_a_window_that_reaches_back_before_the_evidence_says_nothing() -> None:
    found = verdict(ERROR_RATE, a_reading(0.9), evidence_from=NOW - seconds(29))

    assert (found.kind, found.breach) == (VerdictKind.INCONCLUSIVE, False)
    assert found.reason == "its window reaches back to before 13:59:31, for 1 s more"
    assert kind(ERROR_RATE, a_reading(0.9), evidence_from=NOW - seconds(30)) == VerdictKind.BAD


def test_a_template_that_counts_no_requests_needs_none() -> None:
    assert kind(VRAM_OOM, a_reading(samples=None)) == VerdictKind.GOOD


@pytest.mark.parametrize(
    ("metric", "figure", "expected", "breach"),
    [
        (ERROR_RATE, 0.02, "Good", False),
        (ERROR_RATE, 0.0201, "Bad", False),
        (ERROR_RATE, 0.05, "Bad", False),
        (ERROR_RATE, 0.0501, "Bad", True),
        (RATING, 4.0, "Good", False),
        (RATING, 3.9, "Bad", False),
        (RATING, 3.0, "Bad", False),
        (RATING, 2.9, "Bad", True),
        (VRAM_OOM, 10, "Good", False),
        (VRAM_OOM, 11, "Bad", True),
    ],
)
def test_a_bound_itself_is_still_good(
    metric: dict[str, Any], figure: float, expected: str, *, breach: bool
) -> None:
    found = verdict(metric, a_reading(figure))

    assert (found.kind, found.breach) == (expected, breach)


@pytest.mark.parametrize(("phase", "expected"), [("alpha", "Good"), ("beta", "Bad"), ("ga", "Bad")])
def test_a_phase_may_ask_for_more(phase: str, expected: str) -> None:
    assert kind(ERROR_RATE, a_reading(0.018), phase=phase) == expected


def test_a_reason_carries_the_numbers() -> None:
    reasons = [verdict(ERROR_RATE, a_reading(figure)).reason for figure in (0.004, 0.03, 0.25)]

    assert reasons == [
        "0.004",
        "0.03 is not good enough, max 0.02",
        "0.25 breaks the rollback bound, max 0.05",
    ]


def test_a_zero_is_shown_as_a_bound() -> None:
    strict = {"name": "incidents", "template": "critical-incidents", "promote": {"max": 0}}

    assert verdict(strict, a_reading(1)).reason == "1 is not good enough, max 0"


@given(metrics, any_float, any_float, any_float, st.floats(0, 200), st.floats(0, 200))
def test_without_enough_fresh_finite_data_nothing_is_good_and_nothing_is_bad(
    metric: dict[str, Any],
    candidate: float | None,
    stable: float | None,
    samples: float | None,
    age: float,
    since: float,
) -> None:
    reading = a_reading(candidate, stable=stable, samples=samples)
    now = NOW + seconds(age)
    found = verdict(metric, reading, now=now, evidence_from=NOW - seconds(since))
    is_evidence = (
        candidate is not None
        and float("-inf") < candidate < float("inf")
        and (samples is None or 50 <= samples < float("inf"))
        and age <= 35
        and since >= 30
    )

    assert (found.kind in {VerdictKind.GOOD, VerdictKind.BAD}) == is_evidence
    assert is_evidence or not found.breach


@given(metrics, st.floats(allow_nan=False, allow_infinity=False))
def test_a_verdict_follows_from_the_bounds_alone(metric: dict[str, Any], figure: float) -> None:
    assume(metric is not VRAM_OOM)
    sign = -1 if "min" in metric["promote"] else 1
    side = "max" if sign == 1 else "min"
    found = verdict(metric, a_reading(figure))

    assert found.breach == (sign * figure > sign * metric["rollback"][side])
    assert (found.kind == VerdictKind.GOOD) == (sign * figure <= sign * metric["promote"][side])


def test_only_good_lets_users_up_where_good_is_asked_for() -> None:
    readings: list[Reading | None] = [
        a_reading(),
        a_reading(0.03),
        a_reading(0.9),
        a_reading(None),
        Failed(NOW, "down"),
        None,
    ]

    allowed = [verdict(ERROR_RATE, reading).allows_promotion for reading in readings]
    assert allowed == [True, False, False, False, False, False]


def test_a_guard_without_a_promote_bound_keeps_nobody_back_until_it_is_breached() -> None:
    readings: list[Reading | None] = [a_reading(), a_reading(None), Failed(NOW, "down"), None, a_reading(11)]

    allowed = [verdict(VRAM_OOM, reading).allows_promotion for reading in readings]
    assert allowed == [True, True, True, True, False]


@given(metrics, any_float, any_float, any_float)
def test_the_status_shows_only_numbers_that_json_can_hold(
    metric: dict[str, Any], candidate: float | None, stable: float | None, samples: float | None
) -> None:
    told = verdict(metric, a_reading(candidate, stable=stable, samples=samples)).status().model_dump_json()

    assert "NaN" not in told
    assert "Infinity" not in told

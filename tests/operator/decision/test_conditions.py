from typing import Any

import pytest

from support.decisions import conditions, one_look, recorded
from support.rollouts import (
    ERROR_RATE,
    GENERATION,
    NOW,
    OFF,
    VRAM_OOM,
    a_look,
    a_reading,
    a_resource,
    a_rollout,
    at,
    seconds,
)
from voice_rollout.api.status import Point
from voice_rollout.decision.judge import Failed
from voice_rollout.decision.model import Capacity, FlagSeen

BETA_25 = at("beta", 25)


def test_conditions_of_a_hold_that_goes_well() -> None:
    assert conditions(recorded(a_rollout(), BETA_25)) == {
        "Ready": ("False", "Holding"),
        "Reconciling": ("True", "Holding"),
        "Stalled": ("False", "Holding"),
        "CapacityReady": ("True", "PodsReady"),
        "FlagsPropagated": ("True", "AllGateways"),
        "MetricsHealthy": ("True", "Good"),
    }


@pytest.mark.parametrize(
    ("changes", "point", "known", "state"),
    [
        ({"phase": "beta"}, at("beta", 50), {"held_seconds": 60.0}, "Complete"),
        ({"phase": "disabled"}, OFF, {}, "Disabled"),
    ],
)
def test_ready_is_true_where_the_declared_point_is_reached(
    changes: dict[str, Any], point: Point, known: dict[str, Any], state: str
) -> None:
    told = conditions(recorded(a_rollout(**changes), point, known))

    assert told["Ready"] == ("True", state)
    assert told["Reconciling"][0] == "False"


def test_ready_is_false_while_the_flag_says_something_else() -> None:
    told = conditions(
        recorded(a_rollout(phase="disabled"), OFF, flag=FlagSeen(GENERATION, BETA_25, intact=True))
    )

    assert told["Ready"][0] == "False"


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        (a_reading(), ("True", "Good")),
        (a_reading(0.9), ("False", "Bad")),
        (a_reading(None), ("Unknown", "NoData")),
        (Failed(NOW, "down"), ("Unknown", "Error")),
    ],
)
def test_health_is_the_worst_verdict_and_never_bad_without_data(
    figure: Any, expected: tuple[str, str]
) -> None:
    readings = {"error-rate": figure, "p99": a_reading()}

    assert conditions(recorded(a_rollout(), BETA_25, readings=readings))["MetricsHealthy"] == expected


def test_a_guard_without_data_makes_nobody_unhealthy() -> None:
    rollout = a_rollout(analysis={"metrics": [ERROR_RATE, VRAM_OOM]})
    readings = {"error-rate": a_reading(), "vram-oom": a_reading(None)}

    assert conditions(recorded(rollout, BETA_25, readings=readings))["MetricsHealthy"] == ("True", "Good")


def test_a_guard_that_has_seen_nothing_worries_nobody_until_it_is_breached() -> None:
    rollout = a_rollout(analysis={"metrics": [ERROR_RATE, VRAM_OOM]})
    silent, broken = (
        recorded(rollout, BETA_25, readings={"error-rate": a_reading(), "vram-oom": a_reading(figure)})
        for figure in (None, 11)
    )

    assert conditions(silent)["MetricsHealthy"] == ("True", "Good")
    assert silent.message.endswith(": 1 of 2 metrics good")
    assert conditions(broken)["MetricsHealthy"] == ("False", "Bad")


def test_a_rollback_and_a_conflict_are_stalled_for_argo_and_flux() -> None:
    breach = {"breached_since": {"error-rate": NOW - seconds(60)}}
    bad = {"error-rate": a_reading(0.9), "p99": a_reading()}
    waiting = recorded(a_rollout(), BETA_25, breach, readings=bad, stable=Capacity())
    conflict = recorded(a_rollout(), BETA_25, problem="a name is taken")

    for status in (waiting, conflict):
        assert conditions(status)["Stalled"][0] == "True"
        assert conditions(status)["Reconciling"][0] == "False"


def test_a_condition_keeps_its_time_until_its_status_changes() -> None:
    rollout = a_rollout()
    first = recorded(rollout, BETA_25)
    later = NOW + seconds(90)
    bad = {"error-rate": a_reading(0.9, at=later), "p99": a_reading(at=later)}
    second = one_look(rollout, first, a_look(BETA_25, now=later, readings=bad))
    times = {condition.type: condition.last_transition_time for condition in second.conditions}

    assert times["CapacityReady"] == NOW
    assert times["MetricsHealthy"] == later


def test_the_observed_generation_is_the_one_that_was_decided_on() -> None:
    assert a_resource()["metadata"]["generation"] == 7
    status = recorded(a_rollout(), BETA_25)

    assert status.observed_generation == 7
    assert {condition.observed_generation for condition in status.conditions} == {7}

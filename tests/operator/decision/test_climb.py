"""The way up: rules R1 and R5."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.decisions import decided, opened, readings
from support.plans import percentages
from support.rollouts import GENERATION, NOW, OFF, a_look, a_reading, a_rollout, at, seconds
from voice_rollout.api.status import Point, RolloutState, Wait
from voice_rollout.decision.decide import decide
from voice_rollout.decision.judge import Failed
from voice_rollout.decision.model import Capacity, FlagSeen, Gateways

ALPHA_10, BETA_25, BETA_50 = at("alpha", 10), at("beta", 25), at("beta", 50)
SERVED = {"held_seconds": 60.0}
FLAG_ONLY: dict[str, Any] = {"stable": {"name": "xtts"}, "candidate": {"name": "f5-tts"}}


def test_the_first_share_is_recorded_before_anything_is_done_for_it() -> None:
    decision = decided(a_rollout(), OFF, candidate=Capacity())

    assert (decision.point, opened(decision), decision.candidate_replicas) == (OFF, ALPHA_10, 1)
    assert decision.outlook.state is RolloutState.STARTING


def test_a_recorded_share_waits_for_its_pods() -> None:
    decision = decided(a_rollout(), OFF, {"intent": ALPHA_10}, candidate=Capacity(ready=0, applied=1))

    assert (decision.point, opened(decision)) == (OFF, ALPHA_10)
    assert decision.outlook.message == "disabled: opening alpha 10 %: 0 of 1 candidate pods ready"
    assert decision.outlook.waiting_for == (Wait.CAPACITY,)


def test_a_recorded_share_is_opened_when_its_pods_are_ready() -> None:
    decision = decided(a_rollout(), OFF, {"intent": ALPHA_10}, candidate=Capacity(ready=1, applied=1))

    assert (decision.point, opened(decision)) == (ALPHA_10, None)
    assert [(move.from_, move.to) for move in decision.moves] == [("disabled", "alpha 10 %")]


def test_a_share_rises_by_one_step_when_its_hold_is_served() -> None:
    recorded = decided(a_rollout(), BETA_25, SERVED)
    status = recorded.situation.status
    risen = decide(a_rollout(), status, a_look(BETA_25))

    assert (recorded.point, opened(recorded)) == (BETA_25, BETA_50)
    assert risen.point == BETA_50


@pytest.mark.parametrize(
    ("against", "waits"),
    [
        ({"known": {"held_seconds": 59.9}}, {Wait.HOLD}),
        ({"readings": readings(error_rate=0.03)}, {Wait.METRICS}),
        ({"readings": readings(error_rate=None)}, {Wait.METRICS}),
        ({"readings": readings(error_rate=float("nan"))}, {Wait.METRICS}),
        ({"readings": readings(p99=float("inf"))}, {Wait.METRICS}),
        ({"readings": readings() | {"p99": Failed(NOW, "down")}}, {Wait.METRICS}),
        ({"readings": {}}, {Wait.METRICS}),
        ({"readings": {"error-rate": a_reading(samples=49.0), "p99": a_reading()}}, {Wait.METRICS}),
        ({"gateways": Gateways(pods=3, acked=2)}, {Wait.PROPAGATION}),
        ({"flag": FlagSeen(GENERATION, BETA_25, intact=False)}, {Wait.PROPAGATION}),
        ({"problem": "a name is taken"}, set()),
    ],
)
@pytest.mark.parametrize("intent", [None, BETA_50], ids=["before it is recorded", "before it is opened"])
def test_a_share_does_not_rise(intent: Point | None, against: dict[str, Any], waits: set[Wait]) -> None:
    seen = {key: value for key, value in against.items() if key != "known"}
    known = (
        SERVED | against.get("known", {}) | ({"intent": intent} if intent and "known" not in against else {})
    )
    decision = decided(a_rollout(), BETA_25, known, **seen)

    assert decision.point == BETA_25
    assert set(decision.outlook.waiting_for) == waits


@pytest.mark.parametrize(
    "short",
    [
        {"candidate": Capacity(ready=1, applied=2)},
        {"candidate": Capacity(ready=2, applied=1)},
        {"candidate": Capacity(ready=2, applied=2, rolled_out=False)},
        {"candidate": Capacity()},
        {"stable": Capacity(ready=0, applied=2)},
    ],
    ids=["not ready", "not applied", "old pods", "no pods", "no stable pod"],
)
def test_a_recorded_share_is_not_opened_without_capacity(short: dict[str, Capacity]) -> None:
    decision = decided(a_rollout(), BETA_25, SERVED | {"intent": BETA_50}, **short)

    assert (decision.point, opened(decision)) == (BETA_25, BETA_50)
    assert decision.outlook.waiting_for == (Wait.CAPACITY,)


def test_the_declared_point_is_the_end_of_the_climb() -> None:
    decision = decided(a_rollout(phase="beta"), BETA_50, SERVED)

    assert (decision.point, opened(decision)) == (BETA_50, None)
    assert decision.outlook.state is RolloutState.COMPLETE


@given(percentages, st.floats(0, 1000))
def test_no_decision_serves_more_than_declared(declared: Any, held: float) -> None:
    rollout = a_rollout(percentage=float(declared))
    decision = decided(rollout, BETA_50, {"held_seconds": held, "intent": at("ga", 100)})

    assert decision.point.percentage <= declared


def test_manual_goes_straight_to_the_declared_point() -> None:
    rollout = a_rollout(advance="Manual", phase="ga", percentage=80)
    recorded = decided(rollout, ALPHA_10, readings=readings(error_rate=0.03))
    risen = decide(rollout, recorded.situation.status, a_look(ALPHA_10, readings=readings(error_rate=0.03)))

    assert opened(recorded) == at("ga", 80)
    assert risen.point == at("ga", 80)


@pytest.mark.parametrize(
    "against",
    [
        {"gateways": Gateways(2, 1)},
        {"flag": FlagSeen(GENERATION, OFF, intact=True)},
        {"readings": readings(error_rate=0.9)},
        {"candidate": Capacity(ready=3, applied=4)},
    ],
    ids=["a gateway lags", "the flag lags", "a rollback bound is broken", "a pod is missing"],
)
@pytest.mark.parametrize("intent", [None, at("ga", 100)])
def test_manual_skips_neither_gateways_nor_rollback_bounds_nor_capacity(
    intent: Point | None, against: dict[str, Any]
) -> None:
    decision = decided(a_rollout(advance="Manual"), ALPHA_10, {"intent": intent}, **against)

    assert decision.point == ALPHA_10


def test_a_paused_climb_stays_where_it_is_and_gives_its_intent_up() -> None:
    decision = decided(a_rollout(paused=True), BETA_25, SERVED | {"intent": BETA_50})

    assert (decision.point, opened(decision)) == (BETA_25, None)
    assert decision.outlook.state is RolloutState.PAUSED


def test_a_flag_without_workloads_climbs_without_pods() -> None:
    rollout = a_rollout(**FLAG_ONLY)
    decision = decided(rollout, BETA_25, SERVED | {"intent": BETA_50}, stable=None, candidate=None)

    assert (decision.point, decision.stable_replicas, decision.candidate_replicas) == (BETA_50, None, None)


def test_a_rollout_that_nobody_measures_climbs_by_its_holds() -> None:
    rollout = a_rollout(analysis={"metrics": []})
    decision = decided(rollout, BETA_25, {"held_seconds": 50.0}, readings={}, good_at=NOW - seconds(10))

    assert opened(decision) == BETA_50


def test_the_hold_is_looked_at_before_a_gap_would_be_lost() -> None:
    long = a_rollout(analysis={"interval": "10s", "metrics": []})

    assert decided(long, BETA_25, {"held_seconds": 20.0}, readings={}).wake_after == seconds(10)
    assert decided(long, BETA_25, {"held_seconds": 57.0}, readings={}).wake_after == seconds(3)

"""What pods there are, what a person mends, and what holds for any decision."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.decisions import a_latch, decided, opened, readings
from support.rollouts import GENERATION, NOW, OFF, a_look, a_rollout, a_status, at, seconds
from voice_rollout.api.status import Point, RolloutState, Status
from voice_rollout.decision.decide import decide
from voice_rollout.decision.model import Capacity, FlagSeen, Gateways, Rollout

ALPHA_10, BETA_25, BETA_50 = at("alpha", 10), at("beta", 25), at("beta", 50)
SERVED = {"held_seconds": 60.0}
IN_BREACH = {"breached_since": {"error-rate": NOW - seconds(30)}}


@pytest.mark.parametrize(
    ("seen", "replicas"),
    [
        ({"gateways": Gateways(pods=3, acked=2)}, 4),
        ({"flag": FlagSeen(GENERATION, BETA_25, intact=True)}, 4),
        ({"flag": FlagSeen()}, 4),
        ({}, 0),
    ],
    ids=["a gateway lags", "the flag is not written", "the flag is gone", "everybody has switched"],
)
def test_the_candidate_keeps_its_pods_until_every_gateway_has_switched(
    seen: dict[str, Any], replicas: int
) -> None:
    rollout = a_rollout(phase="disabled")

    assert decided(rollout, OFF, **seen).candidate_replicas == replicas


def test_the_very_decision_to_roll_back_takes_no_pod() -> None:
    decision = decided(a_rollout(), BETA_25, IN_BREACH, readings=readings(error_rate=0.9))

    assert (decision.point, decision.candidate_replicas) == (OFF, 4)


def test_the_candidate_has_pods_for_where_users_go_next() -> None:
    decision = decided(a_rollout(), BETA_50, SERVED, candidate=Capacity(ready=2, applied=2))
    next_phase = decide(
        a_rollout(),
        a_status(a_rollout(), at("ga", 50), **SERVED),
        a_look(at("ga", 50), candidate=Capacity(2, 2)),
    )

    assert (opened(decision), decision.candidate_replicas) == (at("ga", 50), 2)
    assert (opened(next_phase), next_phase.candidate_replicas) == (at("ga", 75), 3)


@pytest.mark.parametrize("point", [OFF, ALPHA_10, at("ga", 100)])
def test_stable_is_always_sized_for_everybody(point: Point) -> None:
    assert decided(a_rollout(), point).stable_replicas == 2


def test_a_conflict_stops_the_climb_and_is_said() -> None:
    decision = decided(a_rollout(), BETA_25, SERVED, problem="Service f5-tts-stable exists and is not ours")

    assert decision.point == BETA_25
    assert (decision.outlook.state, decision.outlook.stalled) == (RolloutState.INVALID, True)
    assert decision.outlook.message == "beta 25 %: Service f5-tts-stable exists and is not ours"


@st.composite
def any_look(draw: st.DrawFn) -> tuple[Rollout, Status, Any]:
    rollout = a_rollout(
        phase=draw(st.sampled_from(["disabled", "alpha", "beta", "ga"])),
        percentage=draw(st.sampled_from([0, 12.345, 25, 60, 100])),
        paused=draw(st.booleans()),
        advance=draw(st.sampled_from(["Automatic", "Manual"])),
    )
    places = st.sampled_from([OFF, ALPHA_10, at("beta", 10), BETA_25, BETA_50, at("ga", 75), at("ga", 100)])
    point = draw(places)
    known: dict[str, Any] = {
        "held_seconds": draw(st.sampled_from([0.0, 59.0, 60.0])),
        "intent": draw(st.none() | places),
        "latch": draw(st.sampled_from([None, a_latch(rollout)])),
        "breached_since": draw(st.sampled_from([{}, {"error-rate": NOW - seconds(30)}])),
        "spec_hash": draw(st.sampled_from([rollout.spec_hash, "another", ""])),
    }
    figures = st.sampled_from([0.001, 0.03, 0.9, None, float("nan")])
    capacities = st.builds(Capacity, st.integers(0, 4), st.integers(0, 4), st.booleans())
    seen = a_look(
        point,
        readings=readings(error_rate=draw(figures), p99=draw(figures)),
        gateways=Gateways(2, draw(st.integers(0, 2))),
        stable=draw(capacities),
        candidate=draw(capacities),
        flag=FlagSeen(draw(st.integers(11, 13)), draw(st.none() | places), None, draw(st.booleans())),
        good_at=draw(st.none() | st.just(NOW - seconds(1))),
        problem=draw(st.sampled_from(["", "a name is taken"])),
    )
    return rollout, a_status(rollout, point, **known), seen


@given(any_look())
def test_the_same_inputs_give_the_same_decision(look: tuple[Rollout, Status, Any]) -> None:
    assert decide(*look) == decide(*look)


@given(any_look())
def test_a_decision_moves_users_up_only_to_what_was_recorded_before(
    look: tuple[Rollout, Status, Any],
) -> None:
    rollout, status, seen = look
    decision = decide(*look)

    if decision.point.percentage > status.percentage:
        known = [point for point in (status.progress.intent, seen.flag.point) if point]
        assert decision.point in {rollout.plan.capped(point) for point in known}
        assert decision.point.percentage <= rollout.spec.percentage


@given(any_look())
def test_a_latched_rollout_never_goes_up(look: tuple[Rollout, Status, Any]) -> None:
    rollout, status, seen = look
    decision = decide(rollout, status, replace(seen, flag=replace(seen.flag, generation=GENERATION)))

    if decision.latch is not None:
        assert decision.point.percentage <= status.percentage


@given(any_look())
def test_pods_are_never_taken_before_every_gateway_has_switched(look: tuple[Rollout, Status, Any]) -> None:
    _, _, seen = look
    decision = decide(*look)

    if not (seen.flag.serves(decision.point) and seen.gateways.all_acked):
        assert (decision.candidate_replicas or 0) >= seen.candidate.applied

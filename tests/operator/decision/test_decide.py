from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.plans import percentages
from support.rollouts import (
    ERROR_RATE,
    GENERATION,
    NOW,
    OFF,
    P99,
    VRAM_OOM,
    a_look,
    a_reading,
    a_rollout,
    a_status,
    at,
    seconds,
)
from voice_rollout.api.spec import Level
from voice_rollout.api.status import Latch, Point, RolloutState, Status, Wait
from voice_rollout.decision.decide import decide
from voice_rollout.decision.judge import Failed, Measured
from voice_rollout.decision.model import Capacity, Decision, FlagSeen, Gateways, Rollout

ALPHA_10, BETA_25, BETA_50 = at("alpha", 10), at("beta", 25), at("beta", 50)
SERVED = {"held_seconds": 60.0}
IN_BREACH = {"breached_since": {"error-rate": NOW - seconds(30)}}
FLAG_ONLY: dict[str, Any] = {"stable": {"name": "xtts"}, "candidate": {"name": "f5-tts"}}


def after(rollout: Rollout, point: Point, known: dict[str, Any] | None = None, **seen: Any) -> Decision:
    """What is decided for users at `point`; `known` is the progress as written before."""
    return decide(rollout, a_status(rollout, point, **(known or {})), a_look(point, **seen))


def reading(**figures: float | None) -> dict[str, Measured | Failed]:
    """Every metric good but for these."""
    good: dict[str, Measured | Failed] = {name: a_reading() for name in ("error-rate", "p99", "vram-oom")}
    return good | {name.replace("_", "-"): a_reading(figure) for name, figure in figures.items()}


def a_latch(rollout: Rollout) -> Latch:
    return Latch(
        level=Level.DISABLE, reason="error-rate 0.2", at=NOW - seconds(90), spec_hash=rollout.spec_hash
    )


def opened(decision: Decision) -> Point | None:
    """The point whose opening was recorded."""
    return decision.situation.progress.intent


# The way up: rules R1 and R5


def test_the_first_share_is_recorded_before_anything_is_done_for_it() -> None:
    decision = after(a_rollout(), OFF, candidate=Capacity())

    assert (decision.point, opened(decision), decision.candidate_replicas) == (OFF, ALPHA_10, 1)
    assert decision.outlook.state is RolloutState.STARTING


def test_a_recorded_share_waits_for_its_pods() -> None:
    decision = after(a_rollout(), OFF, {"intent": ALPHA_10}, candidate=Capacity(ready=0, applied=1))

    assert (decision.point, opened(decision)) == (OFF, ALPHA_10)
    assert decision.outlook.message == "disabled: opening alpha 10 %: 0 of 1 candidate pods ready"
    assert decision.outlook.waiting_for == (Wait.CAPACITY,)


def test_a_recorded_share_is_opened_when_its_pods_are_ready() -> None:
    decision = after(a_rollout(), OFF, {"intent": ALPHA_10}, candidate=Capacity(ready=1, applied=1))

    assert (decision.point, opened(decision)) == (ALPHA_10, None)
    assert [(move.from_, move.to) for move in decision.moves] == [("disabled", "alpha 10 %")]


def test_a_share_rises_by_one_step_when_its_hold_is_served() -> None:
    recorded = after(a_rollout(), BETA_25, SERVED)
    status = recorded.situation.status
    risen = decide(a_rollout(), status, a_look(BETA_25))

    assert (recorded.point, opened(recorded)) == (BETA_25, BETA_50)
    assert risen.point == BETA_50


@pytest.mark.parametrize(
    ("against", "waits"),
    [
        ({"known": {"held_seconds": 59.9}}, {Wait.HOLD}),
        ({"readings": reading(error_rate=0.03)}, {Wait.METRICS}),
        ({"readings": reading(error_rate=None)}, {Wait.METRICS}),
        ({"readings": reading(error_rate=float("nan"))}, {Wait.METRICS}),
        ({"readings": reading(p99=float("inf"))}, {Wait.METRICS}),
        ({"readings": reading() | {"p99": Failed(NOW, "down")}}, {Wait.METRICS}),
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
    decision = after(a_rollout(), BETA_25, known, **seen)

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
    decision = after(a_rollout(), BETA_25, SERVED | {"intent": BETA_50}, **short)

    assert (decision.point, opened(decision)) == (BETA_25, BETA_50)
    assert decision.outlook.waiting_for == (Wait.CAPACITY,)


def test_the_declared_point_is_the_end_of_the_climb() -> None:
    decision = after(a_rollout(phase="beta"), BETA_50, SERVED)

    assert (decision.point, opened(decision)) == (BETA_50, None)
    assert decision.outlook.state is RolloutState.COMPLETE


@given(percentages, st.floats(0, 1000))
def test_no_decision_serves_more_than_declared(declared: Any, held: float) -> None:
    rollout = a_rollout(percentage=float(declared))
    decision = after(rollout, BETA_50, {"held_seconds": held, "intent": at("ga", 100)})

    assert decision.point.percentage <= declared


def test_manual_goes_straight_to_the_declared_point() -> None:
    rollout = a_rollout(advance="Manual", phase="ga", percentage=80)
    recorded = after(rollout, ALPHA_10, readings=reading(error_rate=0.03))
    risen = decide(rollout, recorded.situation.status, a_look(ALPHA_10, readings=reading(error_rate=0.03)))

    assert opened(recorded) == at("ga", 80)
    assert risen.point == at("ga", 80)


@pytest.mark.parametrize(
    "against",
    [
        {"gateways": Gateways(2, 1)},
        {"flag": FlagSeen(GENERATION, OFF, intact=True)},
        {"readings": reading(error_rate=0.9)},
        {"candidate": Capacity(ready=3, applied=4)},
    ],
    ids=["a gateway lags", "the flag lags", "a rollback bound is broken", "a pod is missing"],
)
@pytest.mark.parametrize("intent", [None, at("ga", 100)])
def test_manual_skips_neither_gateways_nor_rollback_bounds_nor_capacity(
    intent: Point | None, against: dict[str, Any]
) -> None:
    decision = after(a_rollout(advance="Manual"), ALPHA_10, {"intent": intent}, **against)

    assert decision.point == ALPHA_10


def test_a_paused_climb_stays_where_it_is_and_gives_its_intent_up() -> None:
    decision = after(a_rollout(paused=True), BETA_25, SERVED | {"intent": BETA_50})

    assert (decision.point, opened(decision)) == (BETA_25, None)
    assert decision.outlook.state is RolloutState.PAUSED


def test_a_flag_without_workloads_climbs_without_pods() -> None:
    rollout = a_rollout(**FLAG_ONLY)
    decision = after(rollout, BETA_25, SERVED | {"intent": BETA_50}, stable=None, candidate=None)

    assert (decision.point, decision.stable_replicas, decision.candidate_replicas) == (BETA_50, None, None)


def test_a_rollout_that_nobody_measures_climbs_by_its_holds() -> None:
    rollout = a_rollout(analysis={"metrics": []})
    decision = after(rollout, BETA_25, {"held_seconds": 50.0}, readings={}, good_at=NOW - seconds(10))

    assert opened(decision) == BETA_50


def test_the_hold_is_looked_at_before_a_gap_would_be_lost() -> None:
    long = a_rollout(analysis={"interval": "10s", "metrics": []})

    assert after(long, BETA_25, {"held_seconds": 20.0}, readings={}).wake_after == seconds(10)
    assert after(long, BETA_25, {"held_seconds": 57.0}, readings={}).wake_after == seconds(3)


# The way back: rule R3


@pytest.mark.parametrize(
    "against",
    [
        {},
        {"gateways": Gateways(pods=3, acked=0)},
        {"candidate": Capacity(ready=0, applied=4, rolled_out=False)},
        {"flag": FlagSeen(GENERATION, BETA_25, intact=False)},
        {"flag": FlagSeen()},
        {"problem": "a name is taken"},
        {"readings": {"error-rate": a_reading(0.9), "p99": Failed(NOW, "down")}},
    ],
    ids=["in order", "gateways lag", "no candidate", "flag edited", "flag gone", "a conflict", "half blind"],
)
@pytest.mark.parametrize("changes", [{}, {"paused": True}, {"advance": "Manual"}])
@pytest.mark.parametrize("intent", [None, BETA_50])
def test_nothing_blocks_a_rollback(
    intent: Point | None, changes: dict[str, Any], against: dict[str, Any]
) -> None:
    seen = {"readings": reading(error_rate=0.9)} | against
    decision = after(a_rollout(**changes), BETA_25, IN_BREACH | {"intent": intent}, **seen)

    assert (decision.point, opened(decision)) == (OFF, None)
    assert decision.latch is not None
    assert decision.latch.reason == "error-rate 0.9 breaks the rollback bound, max 0.05"


@pytest.mark.parametrize(
    "against",
    [
        {"readings": {}},
        {"readings": {"error-rate": Failed(NOW, "down"), "p99": Failed(NOW, "down")}},
        {"gateways": Gateways(pods=3, acked=0)},
        {"stable": Capacity(), "candidate": Capacity()},
        {"problem": "a name is taken"},
    ],
)
@pytest.mark.parametrize("declared", [{"phase": "disabled"}, {"percentage": 10}])
def test_nothing_blocks_a_rollback_that_a_person_declares(
    declared: dict[str, Any], against: dict[str, Any]
) -> None:
    decision = after(a_rollout(paused=True, **declared), BETA_25, **against)

    assert decision.point.percentage <= 10
    assert [move.why for move in decision.moves] == ["the declared point was lowered"]


def test_a_rollback_waits_only_until_stable_can_carry_the_users() -> None:
    decision = after(a_rollout(), BETA_25, IN_BREACH, readings=reading(error_rate=0.9), stable=Capacity())

    assert decision.point == BETA_25
    assert decision.stable_replicas == 2
    assert decision.outlook.state is RolloutState.ROLLING_BACK
    assert "as soon as a stable pod is ready" in decision.outlook.message


def test_stable_that_the_operator_does_not_run_is_never_waited_for() -> None:
    rollout = a_rollout(stable={"name": "xtts", "service": {"name": "xtts"}})
    decision = after(rollout, BETA_25, IN_BREACH, readings=reading(error_rate=0.9), stable=None)

    assert decision.point == OFF


def test_a_breach_shorter_than_its_time_takes_nobody_back_and_says_when_it_will() -> None:
    short = {"breached_since": {"error-rate": NOW - seconds(29)}}
    decision = after(a_rollout(), BETA_25, short, readings=reading(error_rate=0.9))

    assert decision.point == BETA_25
    assert decision.wake_after == seconds(1)


@pytest.mark.parametrize("silence", [a_reading(None), a_reading(float("nan")), Failed(NOW, "down")])
def test_silence_never_lets_a_breach_come_due(silence: Measured | Failed) -> None:
    decision = after(a_rollout(), BETA_25, IN_BREACH, readings=reading() | {"error-rate": silence})

    assert decision.point == BETA_25
    assert Wait.METRICS in decision.outlook.waiting_for


@pytest.mark.parametrize("figure", [None, float("nan"), float("inf")])
def test_a_rollout_that_cannot_be_judged_holds_until_the_policy_says_otherwise(figure: float | None) -> None:
    blind = {"blind_since": NOW - seconds(900)}
    analysis = {"metrics": [ERROR_RATE, P99]}
    held = after(a_rollout(analysis=analysis), BETA_25, blind, readings=reading(error_rate=figure))
    gone = after(
        a_rollout(analysis=analysis | {"onNoData": "Rollback"}),
        BETA_25,
        blind,
        readings=reading(error_rate=figure),
    )

    assert (held.point, held.outlook.stalled) == (BETA_25, True)
    assert gone.point == OFF
    assert gone.latch is not None
    assert gone.latch.reason.startswith("no verdict for 15m: error-rate inconclusive: ")


@pytest.mark.parametrize(
    ("level", "end"),
    [("ReducePercentage", at("beta", 10)), ("PreviousPhase", ALPHA_10), ("Disable", OFF)],
)
def test_each_level_takes_users_as_far_as_it_says(level: str, end: Point) -> None:
    metric = ERROR_RATE | {"rollback": {"max": 0.05, "level": level}}
    decision = after(a_rollout(analysis={"metrics": [metric]}), BETA_25, readings=reading(error_rate=0.9))

    assert decision.point == end


def test_of_two_breaches_the_graver_one_decides() -> None:
    known = {"breached_since": dict.fromkeys(("p99", "vram-oom"), NOW - seconds(30))}
    rollout = a_rollout(analysis={"metrics": [P99, VRAM_OOM]})
    decision = after(rollout, BETA_25, known, readings=reading(p99=30, vram_oom=11))

    assert decision.latch is not None
    assert decision.latch.level is Level.PREVIOUS_PHASE
    assert "p99 30 " in decision.latch.reason
    assert "vram-oom 11 " in decision.latch.reason


@pytest.mark.parametrize(("before", "level"), [(2, "ReducePercentage"), (3, "PreviousPhase"), (6, "Disable")])
def test_rollbacks_that_repeat_inside_the_cooldown_go_further_back(before: int, level: str) -> None:
    known = {
        "breached_since": {"p99": NOW - seconds(30)},
        "rolled_back_at": tuple(NOW - seconds(599 - each) for each in range(before)),
    }
    decision = after(a_rollout(), BETA_25, known, readings=reading(p99=30))

    assert decision.latch is not None
    assert decision.latch.level == level


def test_rollbacks_before_the_cooldown_are_forgiven() -> None:
    known = {
        "breached_since": {"p99": NOW - seconds(30)},
        "rolled_back_at": tuple(NOW - seconds(600 + each) for each in range(5)),
    }
    decision = after(a_rollout(), BETA_25, known, readings=reading(p99=30))

    assert decision.point == at("beta", 10)


def test_users_stay_back_however_good_it_looks() -> None:
    rollout = a_rollout()
    decision = after(rollout, ALPHA_10, SERVED | {"latch": a_latch(rollout)})

    assert (decision.point, opened(decision)) == (ALPHA_10, None)
    assert decision.outlook.state is RolloutState.ROLLED_BACK
    assert decision.outlook.message.endswith("change the spec to try again")


def test_a_changed_spec_tries_again() -> None:
    known = {"latch": a_latch(a_rollout())}
    decision = decide(a_rollout(percentage=90), a_status(a_rollout(), OFF, **known), a_look(OFF))

    assert (decision.latch, opened(decision)) == (None, ALPHA_10)


def test_a_rolled_back_share_that_goes_bad_again_goes_further_back() -> None:
    rollout = a_rollout()
    known = IN_BREACH | {"latch": a_latch(rollout)}
    decision = after(rollout, ALPHA_10, known, readings=reading(error_rate=0.9))

    assert (decision.point, decision.situation.status.rollbacks) == (OFF, 1)


def test_figures_of_before_the_rollback_take_nobody_further_back() -> None:
    rollout = a_rollout()
    known = {"latch": a_latch(rollout), "evidence_from": NOW - seconds(10)}
    decision = after(rollout, ALPHA_10, known, readings=reading(error_rate=0.9))

    assert decision.point == ALPHA_10
    assert decision.situation.progress.breached_since == {}


def test_a_rollback_is_said_to_be_under_way_until_every_gateway_has_switched() -> None:
    rollout = a_rollout()
    decision = after(rollout, OFF, {"latch": a_latch(rollout)}, gateways=Gateways(3, 1))

    assert decision.outlook.state is RolloutState.ROLLING_BACK
    assert decision.outlook.message.endswith("; 1 of 3 gateways switched")


# The pods: rule R5


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

    assert after(rollout, OFF, **seen).candidate_replicas == replicas


def test_the_very_decision_to_roll_back_takes_no_pod() -> None:
    decision = after(a_rollout(), BETA_25, IN_BREACH, readings=reading(error_rate=0.9))

    assert (decision.point, decision.candidate_replicas) == (OFF, 4)


def test_the_candidate_has_pods_for_where_users_go_next() -> None:
    decision = after(a_rollout(), BETA_50, SERVED, candidate=Capacity(ready=2, applied=2))
    next_phase = decide(
        a_rollout(),
        a_status(a_rollout(), at("ga", 50), **SERVED),
        a_look(at("ga", 50), candidate=Capacity(2, 2)),
    )

    assert (opened(decision), decision.candidate_replicas) == (at("ga", 50), 2)
    assert (opened(next_phase), next_phase.candidate_replicas) == (at("ga", 75), 3)


@pytest.mark.parametrize("point", [OFF, ALPHA_10, at("ga", 100)])
def test_stable_is_always_sized_for_everybody(point: Point) -> None:
    assert after(a_rollout(), point).stable_replicas == 2


# What a person mends


def test_a_conflict_stops_the_climb_and_is_said() -> None:
    decision = after(a_rollout(), BETA_25, SERVED, problem="Service f5-tts-stable exists and is not ours")

    assert decision.point == BETA_25
    assert (decision.outlook.state, decision.outlook.stalled) == (RolloutState.INVALID, True)
    assert decision.outlook.message == "beta 25 %: Service f5-tts-stable exists and is not ours"


# Everything together


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
        readings=reading(error_rate=draw(figures), p99=draw(figures)),
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
        assert decision.point in {status.progress.intent, seen.flag.point}
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

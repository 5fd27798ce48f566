"""The way back: rule R3."""

from typing import Any

import pytest

from support.decisions import a_latch, decided, opened, readings
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
from voice_rollout.api.status import Point, RolloutState, Wait
from voice_rollout.decision.decide import decide
from voice_rollout.decision.judge import Failed, Measured
from voice_rollout.decision.model import Capacity, FlagSeen, Gateways

ALPHA_10, BETA_25, BETA_50 = at("alpha", 10), at("beta", 25), at("beta", 50)
SERVED = {"held_seconds": 60.0}
IN_BREACH = {"breached_since": {"error-rate": NOW - seconds(30)}}


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
    seen = {"readings": readings(error_rate=0.9)} | against
    decision = decided(a_rollout(**changes), BETA_25, IN_BREACH | {"intent": intent}, **seen)

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
    decision = decided(a_rollout(paused=True, **declared), BETA_25, **against)

    assert decision.point.percentage <= 10
    assert [move.why for move in decision.moves] == ["the declared point was lowered"]


def test_a_rollback_waits_only_until_stable_can_carry_the_users() -> None:
    decision = decided(a_rollout(), BETA_25, IN_BREACH, readings=readings(error_rate=0.9), stable=Capacity())

    assert decision.point == BETA_25
    assert decision.stable_replicas == 2
    assert decision.outlook.state is RolloutState.ROLLING_BACK
    assert "as soon as a stable pod is ready" in decision.outlook.message


def test_stable_that_the_operator_does_not_run_is_never_waited_for() -> None:
    rollout = a_rollout(stable={"name": "xtts", "service": {"name": "xtts"}})
    decision = decided(rollout, BETA_25, IN_BREACH, readings=readings(error_rate=0.9), stable=None)

    assert decision.point == OFF


def test_a_breach_shorter_than_its_time_takes_nobody_back_and_says_when_it_will() -> None:
    short = {"breached_since": {"error-rate": NOW - seconds(29)}}
    decision = decided(a_rollout(), BETA_25, short, readings=readings(error_rate=0.9))

    assert decision.point == BETA_25
    assert decision.wake_after == seconds(1)


@pytest.mark.parametrize("silence", [a_reading(None), a_reading(float("nan")), Failed(NOW, "down")])
def test_silence_never_lets_a_breach_come_due(silence: Measured | Failed) -> None:
    decision = decided(a_rollout(), BETA_25, IN_BREACH, readings=readings() | {"error-rate": silence})

    assert decision.point == BETA_25
    assert Wait.METRICS in decision.outlook.waiting_for


@pytest.mark.parametrize("figure", [None, float("nan"), float("inf")])
def test_a_rollout_that_cannot_be_judged_holds_until_the_policy_says_otherwise(figure: float | None) -> None:
    blind = {"blind_since": NOW - seconds(900)}
    analysis = {"metrics": [ERROR_RATE, P99]}
    held = decided(a_rollout(analysis=analysis), BETA_25, blind, readings=readings(error_rate=figure))
    gone = decided(
        a_rollout(analysis=analysis | {"onNoData": "Rollback"}),
        BETA_25,
        blind,
        readings=readings(error_rate=figure),
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
    decision = decided(a_rollout(analysis={"metrics": [metric]}), BETA_25, readings=readings(error_rate=0.9))

    assert decision.point == end


def test_of_two_breaches_the_graver_one_decides() -> None:
    known = {"breached_since": dict.fromkeys(("p99", "vram-oom"), NOW - seconds(30))}
    rollout = a_rollout(analysis={"metrics": [P99, VRAM_OOM]})
    decision = decided(rollout, BETA_25, known, readings=readings(p99=30, vram_oom=11))

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
    decision = decided(a_rollout(), BETA_25, known, readings=readings(p99=30))

    assert decision.latch is not None
    assert decision.latch.level == level


def test_rollbacks_before_the_cooldown_are_forgiven() -> None:
    known = {
        "breached_since": {"p99": NOW - seconds(30)},
        "rolled_back_at": tuple(NOW - seconds(600 + each) for each in range(5)),
    }
    decision = decided(a_rollout(), BETA_25, known, readings=readings(p99=30))

    assert decision.point == at("beta", 10)


def test_users_stay_back_however_good_it_looks() -> None:
    rollout = a_rollout()
    decision = decided(rollout, ALPHA_10, SERVED | {"latch": a_latch(rollout)})

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
    decision = decided(rollout, ALPHA_10, known, readings=readings(error_rate=0.9))

    assert (decision.point, decision.situation.status.rollbacks) == (OFF, 1)


def test_figures_of_before_the_rollback_take_nobody_further_back() -> None:
    rollout = a_rollout()
    known = {"latch": a_latch(rollout), "evidence_from": NOW - seconds(10)}
    decision = decided(rollout, ALPHA_10, known, readings=readings(error_rate=0.9))

    assert decision.point == ALPHA_10
    assert decision.situation.progress.breached_since == {}


def test_a_rollback_is_said_to_be_under_way_until_every_gateway_has_switched() -> None:
    rollout = a_rollout()
    decision = decided(rollout, OFF, {"latch": a_latch(rollout)}, gateways=Gateways(3, 1))

    assert decision.outlook.state is RolloutState.ROLLING_BACK
    assert decision.outlook.message.endswith("; 1 of 3 gateways switched")

from datetime import timedelta
from typing import Any

import pytest

from support.decisions import conditions, one_look, recorded
from support.rollouts import GENERATION, NOW, OFF, a_look, a_reading, a_rollout, a_status, at, seconds
from voice_rollout.api.status import Point, RolloutState
from voice_rollout.decision.judge import Failed
from voice_rollout.decision.model import Capacity, FlagSeen, Gateways
from voice_rollout.decision.record import worth_writing

BETA_25 = at("beta", 25)
LONG_AGO = timedelta(days=1)


# R9: steady state writes nothing


@pytest.mark.parametrize(
    ("changes", "point", "known"),
    [
        ({"phase": "disabled"}, OFF, {}),
        ({"paused": True}, BETA_25, {}),
        ({"phase": "beta"}, at("beta", 50), {"held_seconds": 60.0}),
        ({"candidate": {"name": "f5-tts"}, "phase": "disabled"}, OFF, {}),
    ],
    ids=["disabled", "paused", "complete", "flag only"],
)
def test_a_rollout_at_rest_is_never_worth_a_write(
    changes: dict[str, Any], point: Point, known: dict[str, Any]
) -> None:
    rollout = a_rollout(**changes)
    written = recorded(rollout, point, known)
    for minutes in range(1, 10):
        now = NOW + timedelta(minutes=minutes)
        readings = {name: a_reading(0.001 + minutes / 1e4, at=now) for name in ("error-rate", "p99")}
        wanted = one_look(rollout, written, a_look(point, now=now, readings=readings))
        assert not worth_writing(written, wanted, LONG_AGO)


def test_a_rollback_at_rest_is_never_worth_a_write() -> None:
    rollout = a_rollout()
    breach = {"breached_since": {"error-rate": NOW - seconds(60)}}
    bad = {"error-rate": a_reading(0.9), "p99": a_reading()}
    written = recorded(rollout, BETA_25, breach, readings=bad)
    committed = FlagSeen(GENERATION + 1, OFF, written.progress.latch, intact=True)
    settled = one_look(rollout, written, a_look(OFF, flag=committed))

    assert settled.state is RolloutState.ROLLED_BACK
    for minutes in range(1, 5):
        later = a_look(OFF, flag=committed, now=NOW + timedelta(minutes=minutes))
        assert not worth_writing(settled, one_look(rollout, settled, later), LONG_AGO)


def test_a_hold_that_goes_well_is_not_written_every_time() -> None:
    rollout = a_rollout()
    written = recorded(rollout, BETA_25)
    wanted = one_look(
        rollout,
        written,
        a_look(BETA_25, now=NOW + seconds(10), good_at=NOW),
    )

    assert wanted.progress.held_seconds == 10
    assert not worth_writing(written, wanted, seconds(10))


def test_a_hold_is_saved_every_five_minutes_so_that_a_restart_costs_no_more() -> None:
    rollout = a_rollout(phases=[{"name": "ga", "steps": [{"percentage": 25, "hold": "72h"}]}])
    point = at("ga", 25)
    written = recorded(rollout, point)
    wanted = one_look(rollout, written, a_look(point, now=NOW + seconds(10), good_at=NOW))

    assert not worth_writing(written, wanted, timedelta(minutes=4))
    assert worth_writing(written, wanted, timedelta(minutes=5))


@pytest.mark.parametrize(
    "news",
    [
        {"gateways": Gateways(3, 2)},
        {"candidate": Capacity(ready=3, applied=4)},
        {"readings": {"error-rate": a_reading(0.03), "p99": a_reading()}},
        {"readings": {"error-rate": a_reading(0.9), "p99": a_reading()}},
        {"readings": {"error-rate": Failed(NOW, "down"), "p99": a_reading()}},
        {"problem": "a name is taken"},
        {"epoch": 4},
    ],
    ids=["a gateway", "a pod", "not good", "a breach", "an error", "a conflict", "another leader"],
)
def test_news_is_written_at_once(news: dict[str, Any]) -> None:
    rollout = a_rollout()
    written = recorded(rollout, BETA_25)
    wanted = one_look(rollout, written, a_look(BETA_25, **news))

    assert worth_writing(written, wanted, timedelta(0))


def test_another_problem_is_written_though_the_state_is_the_same() -> None:
    rollout = a_rollout()
    written = recorded(rollout, BETA_25, problem="a name is taken")
    wanted = one_look(rollout, written, a_look(BETA_25, problem="a list is missing"))

    assert worth_writing(written, wanted, timedelta(0))


def test_a_sentence_whose_numbers_changed_is_written_after_a_minute() -> None:
    rollout = a_rollout()
    few, more = ({"error-rate": a_reading(samples=number), "p99": a_reading()} for number in (10.0, 20.0))
    written = recorded(rollout, BETA_25, readings=few)
    wanted = one_look(rollout, written, a_look(BETA_25, readings=more))

    assert written.message != wanted.message
    assert not worth_writing(written, wanted, seconds(59))
    assert worth_writing(written, wanted, seconds(60))


# What the status says


def test_the_status_tells_where_users_are_and_what_is_next() -> None:
    status = recorded(a_rollout(), BETA_25, {"held_seconds": 20.0}, good_at=None)

    assert (status.state, status.point, status.step) == (RolloutState.HOLDING, BETA_25, "2/3")
    assert status.message == "beta 25 % until 14:00:40Z: 2 of 2 metrics good"
    assert status.next is not None
    assert status.next.summary == "beta 50 % at 14:00:40Z (hold)"
    assert status.next.at == NOW + seconds(40)


def test_a_stopped_hold_is_said_with_its_reason() -> None:
    readings = {"error-rate": a_reading(samples=12.0), "p99": a_reading(15)}
    status = recorded(a_rollout(), BETA_25, {"held_seconds": 20.0}, readings=readings)

    assert status.message == (
        "beta 25 %, hold stopped at 20s of 1m: "
        "error-rate inconclusive: 12 of 50 requests in 30 s; p99 bad: 15 is not good enough, max 12"
    )
    assert status.next is not None
    assert (status.next.at, status.next.waiting_for) == (None, ("metrics", "hold"))


def test_a_lagging_gateway_is_said() -> None:
    status = recorded(a_rollout(), BETA_25, gateways=Gateways(3, 2))

    assert status.message == "beta 25 %, hold stopped at 0s of 1m: 2 of 3 gateways acknowledged"
    assert (status.flag.acked_pods, status.flag.pods) == (2, 3)


def test_a_flag_that_was_edited_counts_as_acknowledged_by_nobody() -> None:
    status = recorded(a_rollout(), BETA_25, flag=FlagSeen(GENERATION, BETA_25, intact=False))

    assert (status.flag.acked_pods, status.flag.pods, status.flag.generation) == (0, 2, GENERATION)
    assert conditions(status)["FlagsPropagated"] == ("False", "Switching")


def test_metrics_are_shown_with_their_figures() -> None:
    readings = {"error-rate": a_reading(0.004, stable=0.005, samples=1812.7), "p99": Failed(NOW, "down")}
    error_rate, p99 = recorded(a_rollout(), BETA_25, readings=readings).metrics

    assert (error_rate.candidate, error_rate.stable, error_rate.samples) == (0.004, 0.005, 1812)
    assert (error_rate.verdict, p99.verdict, p99.reason) == ("Good", "Error", "down")


def test_pods_are_shown_where_the_operator_runs_them() -> None:
    ours = recorded(a_rollout(), BETA_25, candidate=Capacity(ready=0, applied=1))
    theirs = recorded(a_rollout(stable={"name": "xtts", "service": {"name": "xtts"}}), BETA_25, stable=None)

    assert ours.workloads.candidate is not None
    assert (ours.workloads.candidate.ready, ours.workloads.candidate.wanted) == (0, 1)
    assert theirs.workloads.stable is None


def test_history_keeps_the_last_twenty_moves() -> None:
    rollout = a_rollout()
    status = a_status(rollout, OFF)
    for number in range(25):
        point = at("beta", number + 1)
        flag = FlagSeen(GENERATION + number + 1, point, intact=True)
        intent = status.progress.model_copy(update={"intent": point})
        status = one_look(rollout, status.model_copy(update={"progress": intent}), a_look(point, flag=flag))

    assert len(status.history) == 20
    assert status.history[-1].to == "beta 25 %"

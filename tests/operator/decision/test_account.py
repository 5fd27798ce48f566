from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.decisions import a_latch, booked, readings
from support.rollouts import (
    ERROR_RATE,
    GENERATION,
    NOW,
    OFF,
    VRAM_OOM,
    a_look,
    a_reading,
    a_rollout,
    a_situation,
    a_status,
    at,
    seconds,
)
from voice_rollout.api.status import Point
from voice_rollout.decision.account import account, clock_may_run, is_stalled
from voice_rollout.decision.judge import Failed
from voice_rollout.decision.model import FlagSeen, Gateways, Situation

BETA_25 = at("beta", 25)
A_SECOND_AGO = NOW - seconds(1)


# The hold clock


def test_good_acknowledged_time_counts() -> None:
    assert booked(a_rollout(), BETA_25, {"held_seconds": 7.0}, good_at=A_SECOND_AGO).held_seconds == 8.0


@pytest.mark.parametrize(
    "against",
    [
        {"readings": readings(error_rate=0.03)},
        {"readings": readings(error_rate=0.9)},
        {"readings": readings(error_rate=None)},
        {"readings": readings(error_rate=float("nan"))},
        {"readings": {"error-rate": Failed(NOW, "down"), "p99": a_reading()}},
        {"readings": {}},
        {"gateways": Gateways(pods=3, acked=2)},
        {"flag": FlagSeen(GENERATION, BETA_25, intact=False)},
        {"flag": FlagSeen(GENERATION, at("beta", 10), intact=True)},
        {"flag": FlagSeen()},
        {"good_at": None},
    ],
    ids=[
        "not good enough",
        "breach",
        "no data",
        "NaN",
        "Prometheus down",
        "not measured",
        "a gateway lags",
        "flag was edited",
        "flag says another share",
        "flag is gone",
        "nobody saw it run",
    ],
)
def test_any_other_time_stops_the_clock_and_never_resets_it(against: dict[str, Any]) -> None:
    seen = {"good_at": A_SECOND_AGO} | against

    assert booked(a_rollout(), BETA_25, {"held_seconds": 7.0}, **seen).held_seconds == 7.0


def test_a_pause_stops_the_clock() -> None:
    rollout = a_rollout(paused=True)

    assert booked(rollout, BETA_25, {"held_seconds": 7.0}, good_at=A_SECOND_AGO).held_seconds == 7.0


def test_a_gap_in_which_nobody_looked_is_not_counted() -> None:
    rollout = a_rollout()
    seen, missed = (booked(rollout, BETA_25, {}, good_at=NOW - seconds(gap)) for gap in (25, 25.1))

    assert (seen.held_seconds, missed.held_seconds) == (25.0, 0.0)


def test_a_breach_that_waits_for_its_time_stops_the_clock_even_without_a_promote_bound() -> None:
    rollout = a_rollout(analysis={"metrics": [ERROR_RATE, VRAM_OOM]})
    breached = readings(vram_oom=11)

    assert booked(rollout, BETA_25, {}, readings=breached, good_at=A_SECOND_AGO).held_seconds == 0.0


def test_the_clock_does_not_run_while_nobody_is_on_the_candidate() -> None:
    assert booked(a_rollout(), OFF, {}, good_at=A_SECOND_AGO).held_seconds == 0.0
    assert not clock_may_run(a_situation(a_rollout(), OFF))


@given(st.lists(st.tuples(st.floats(0.01, 40), st.booleans()), max_size=20))
def test_no_more_is_served_than_was_good(looks: list[tuple[float, bool]]) -> None:
    rollout = a_rollout()
    status, now, good_at, good = a_status(rollout, BETA_25), NOW, None, 0.0
    for gap, is_good in looks:
        now += seconds(gap)
        figures = {"error-rate": a_reading(0.001 if is_good else 0.03, at=now), "p99": a_reading(at=now)}
        seen = a_look(BETA_25, now=now, readings=figures, good_at=good_at)
        situation = account(Situation(rollout, status, seen))
        good += gap if is_good and good_at else 0
        status, good_at = situation.status, now if clock_may_run(situation) else None

    assert status.progress.held_seconds <= good + 1e-6 * len(looks)


# Breaches


def test_a_breach_counts_from_when_it_was_first_seen() -> None:
    assert booked(a_rollout(), BETA_25, readings=readings(error_rate=0.9)).breached_since == {
        "error-rate": NOW
    }


def test_a_breach_survives_a_restart() -> None:
    known = {"breached_since": {"error-rate": NOW - seconds(20)}}

    assert booked(a_rollout(), BETA_25, known, readings=readings(error_rate=0.9)).breached_since == {
        "error-rate": NOW - seconds(20)
    }


@pytest.mark.parametrize("silence", [a_reading(None), a_reading(float("nan")), Failed(NOW, "down"), None])
def test_silence_does_not_end_a_breach(silence: Any) -> None:
    known = {"breached_since": {"error-rate": NOW - seconds(20)}}
    heard = {name: reading for name, reading in (("p99", a_reading()), ("error-rate", silence)) if reading}

    assert booked(a_rollout(), BETA_25, known, readings=heard).breached_since == known["breached_since"]


@pytest.mark.parametrize("figure", [0.001, 0.03])
def test_a_verdict_above_the_rollback_bound_ends_it(figure: float) -> None:
    known = {"breached_since": {"error-rate": NOW - seconds(20)}}

    assert booked(a_rollout(), BETA_25, known, readings=readings(error_rate=figure)).breached_since == {}


# No data


def test_blindness_counts_from_the_first_moment_without_a_verdict() -> None:
    rollout = a_rollout()
    first = booked(rollout, BETA_25, readings={})
    later = booked(rollout, BETA_25, {"blind_since": NOW - seconds(60)}, readings={})
    seeing = booked(rollout, BETA_25, {"blind_since": NOW - seconds(60)})

    assert (first.blind_since, later.blind_since, seeing.blind_since) == (NOW, NOW - seconds(60), None)


def test_a_guard_that_nobody_waits_for_may_be_silent() -> None:
    rollout = a_rollout(analysis={"metrics": [VRAM_OOM]})

    assert booked(rollout, BETA_25, readings={}).blind_since is None


def test_a_guard_that_fell_silent_in_breach_is_waited_for() -> None:
    rollout = a_rollout(analysis={"metrics": [VRAM_OOM]})
    known = {"breached_since": {"vram-oom": NOW - seconds(20)}}

    assert booked(rollout, BETA_25, known, readings={}).blind_since == NOW


@pytest.mark.parametrize(("minutes", "stalled"), [(14, False), (15, True)])
def test_a_rollout_stalls_after_the_time_that_the_spec_gives(minutes: int, *, stalled: bool) -> None:
    rollout = a_rollout()
    status = a_status(rollout, BETA_25, blind_since=NOW - seconds(60 * minutes))

    assert is_stalled(account(Situation(rollout, status, a_look(BETA_25, readings={})))) == stalled


# Changes of the spec


def test_a_changed_spec_unlatches_but_pausing_is_no_change() -> None:
    rollout = a_rollout()
    known = {"latch": a_latch(rollout), "spec_hash": rollout.spec_hash}

    assert booked(a_rollout(), BETA_25, known).latch == known["latch"]
    assert booked(a_rollout(paused=True), BETA_25, known).latch == known["latch"]
    assert booked(a_rollout(percentage=99), BETA_25, known).latch is None


def test_a_changed_spec_forgets_what_was_about_to_be_opened() -> None:
    known = {"spec_hash": "another", "intent": at("beta", 50)}

    assert booked(a_rollout(), BETA_25, known).intent is None


def test_a_changed_candidate_serves_its_hold_anew_and_is_judged_by_its_own_figures() -> None:
    known = {"candidate_hash": "another", "held_seconds": 50.0}
    changed = booked(a_rollout(), BETA_25, known, good_at=None)

    assert (changed.held_seconds, changed.evidence_from) == (0.0, NOW)


def test_a_changed_plan_keeps_the_time_that_was_served() -> None:
    known = {"spec_hash": "another", "held_seconds": 50.0}

    assert booked(a_rollout(), BETA_25, known).held_seconds == 50.0


def test_the_salt_is_pinned_with_the_first_look() -> None:
    rollout = a_rollout()
    assert booked(rollout, OFF, {"salt": ""}).salt == "voice/f5-tts/1"
    assert booked(replace(rollout, salt="another"), OFF, {"salt": "voice/f5-tts/1"}).salt == "voice/f5-tts/1"


def test_the_largest_epoch_is_kept() -> None:
    rollout = a_rollout()

    assert [booked(rollout, OFF, {"epoch": epoch}).epoch for epoch in (0, 3, 9)] == [3, 3, 9]


@pytest.mark.parametrize(
    ("changes", "start", "end"),
    [
        ({"percentage": 20}, BETA_25, at("beta", 20)),
        ({"phase": "alpha"}, BETA_25, at("alpha", 10)),
        ({"phase": "disabled"}, BETA_25, OFF),
        ({"percentage": 20, "paused": True}, BETA_25, at("beta", 20)),
        ({"percentage": 60}, BETA_25, BETA_25),
    ],
)
def test_lowering_the_declared_point_takes_effect_at_once(
    changes: dict[str, Any], start: Point, end: Point
) -> None:
    unlucky = {"gateways": Gateways(3, 0), "readings": {}, "problem": "a name is taken"}
    status = account(a_situation(a_rollout(**changes), start, **unlucky)).status

    assert status.point == end

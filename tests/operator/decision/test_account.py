from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from voice_rollout.api.spec import Level
from voice_rollout.api.status import HistoryEntry, Latch, Point, Progress, Status
from voice_rollout.decision.account import account, clock_may_run, is_stalled
from voice_rollout.decision.judge import Failed
from voice_rollout.decision.model import Capacity, FlagSeen, Gateways, Rollout, Situation

BETA_25 = at("beta", 25)
A_SECOND_AGO = NOW - seconds(1)
A_MOVE = HistoryEntry(at=A_SECOND_AGO, from_="alpha 10 %", to="disabled", why="rolled back (Disable)")


def after(rollout: Rollout, point: Point, known: dict[str, Any] | None = None, **seen: Any) -> Progress:
    """The books after a look at users at `point`; `known` is the progress as written before."""
    status = a_status(rollout, point, **(known or {}))
    return account(Situation(rollout, status, a_look(point, **seen))).progress


def readings(**figures: float | None) -> dict[str, Any]:
    """Every metric good but for these."""
    return {name: a_reading() for name in ("error-rate", "p99", "vram-oom")} | {
        name.replace("_", "-"): a_reading(figure) for name, figure in figures.items()
    }


def a_latch(rollout: Rollout, **changes: Any) -> Latch:
    sound = Latch(
        level=Level.DISABLE, reason="error-rate 0.2", at=NOW - seconds(5), spec_hash=rollout.spec_hash
    )
    return sound.model_copy(update=changes)


# The hold clock


def test_good_acknowledged_time_counts() -> None:
    assert after(a_rollout(), BETA_25, {"held_seconds": 7.0}, good_at=A_SECOND_AGO).held_seconds == 8.0


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

    assert after(a_rollout(), BETA_25, {"held_seconds": 7.0}, **seen).held_seconds == 7.0


def test_a_pause_stops_the_clock() -> None:
    rollout = a_rollout(paused=True)

    assert after(rollout, BETA_25, {"held_seconds": 7.0}, good_at=A_SECOND_AGO).held_seconds == 7.0


def test_a_gap_in_which_nobody_looked_is_not_counted() -> None:
    rollout = a_rollout()
    seen, missed = (after(rollout, BETA_25, {}, good_at=NOW - seconds(gap)) for gap in (25, 25.1))

    assert (seen.held_seconds, missed.held_seconds) == (25.0, 0.0)


def test_a_breach_that_waits_for_its_time_stops_the_clock_even_without_a_promote_bound() -> None:
    rollout = a_rollout(analysis={"metrics": [ERROR_RATE, VRAM_OOM]})
    breached = readings(vram_oom=11)

    assert after(rollout, BETA_25, {}, readings=breached, good_at=A_SECOND_AGO).held_seconds == 0.0


def test_the_clock_does_not_run_while_nobody_is_on_the_candidate() -> None:
    assert after(a_rollout(), OFF, {}, good_at=A_SECOND_AGO).held_seconds == 0.0
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
    assert after(a_rollout(), BETA_25, readings=readings(error_rate=0.9)).breached_since == {
        "error-rate": NOW
    }


def test_a_breach_survives_a_restart() -> None:
    known = {"breached_since": {"error-rate": NOW - seconds(20)}}

    assert after(a_rollout(), BETA_25, known, readings=readings(error_rate=0.9)).breached_since == {
        "error-rate": NOW - seconds(20)
    }


@pytest.mark.parametrize("silence", [a_reading(None), a_reading(float("nan")), Failed(NOW, "down"), None])
def test_silence_does_not_end_a_breach(silence: Any) -> None:
    known = {"breached_since": {"error-rate": NOW - seconds(20)}}
    heard = {name: reading for name, reading in (("p99", a_reading()), ("error-rate", silence)) if reading}

    assert after(a_rollout(), BETA_25, known, readings=heard).breached_since == known["breached_since"]


@pytest.mark.parametrize("figure", [0.001, 0.03])
def test_a_verdict_above_the_rollback_bound_ends_it(figure: float) -> None:
    known = {"breached_since": {"error-rate": NOW - seconds(20)}}

    assert after(a_rollout(), BETA_25, known, readings=readings(error_rate=figure)).breached_since == {}


# No data


def test_blindness_counts_from_the_first_moment_without_a_verdict() -> None:
    rollout = a_rollout()
    first = after(rollout, BETA_25, readings={})
    later = after(rollout, BETA_25, {"blind_since": NOW - seconds(60)}, readings={})
    seeing = after(rollout, BETA_25, {"blind_since": NOW - seconds(60)})

    assert (first.blind_since, later.blind_since, seeing.blind_since) == (NOW, NOW - seconds(60), None)


def test_a_guard_that_nobody_waits_for_may_be_silent() -> None:
    rollout = a_rollout(analysis={"metrics": [VRAM_OOM]})

    assert after(rollout, BETA_25, readings={}).blind_since is None


def test_a_guard_that_fell_silent_in_breach_is_waited_for() -> None:
    rollout = a_rollout(analysis={"metrics": [VRAM_OOM]})
    known = {"breached_since": {"vram-oom": NOW - seconds(20)}}

    assert after(rollout, BETA_25, known, readings={}).blind_since == NOW


@pytest.mark.parametrize(("minutes", "stalled"), [(14, False), (15, True)])
def test_a_rollout_stalls_after_the_time_that_the_spec_gives(minutes: int, *, stalled: bool) -> None:
    rollout = a_rollout()
    status = a_status(rollout, BETA_25, blind_since=NOW - seconds(60 * minutes))

    assert is_stalled(account(Situation(rollout, status, a_look(BETA_25, readings={})))) == stalled


# Changes of the spec


def test_a_changed_spec_unlatches_but_pausing_is_no_change() -> None:
    rollout = a_rollout()
    known = {"latch": a_latch(rollout), "spec_hash": rollout.spec_hash}

    assert after(a_rollout(), BETA_25, known).latch == known["latch"]
    assert after(a_rollout(paused=True), BETA_25, known).latch == known["latch"]
    assert after(a_rollout(percentage=99), BETA_25, known).latch is None


def test_a_changed_spec_forgets_what_was_about_to_be_opened() -> None:
    known = {"spec_hash": "another", "intent": at("beta", 50)}

    assert after(a_rollout(), BETA_25, known).intent is None


def test_a_changed_candidate_serves_its_hold_anew_and_is_judged_by_its_own_figures() -> None:
    known = {"candidate_hash": "another", "held_seconds": 50.0}
    changed = after(a_rollout(), BETA_25, known, good_at=None)

    assert (changed.held_seconds, changed.evidence_from) == (0.0, NOW)


def test_a_changed_plan_keeps_the_time_that_was_served() -> None:
    known = {"spec_hash": "another", "held_seconds": 50.0}

    assert after(a_rollout(), BETA_25, known).held_seconds == 50.0


def test_the_salt_is_pinned_with_the_first_look() -> None:
    rollout = a_rollout()
    assert after(rollout, OFF, {"salt": ""}).salt == "voice/f5-tts/1"
    assert after(replace(rollout, salt="another"), OFF, {"salt": "voice/f5-tts/1"}).salt == "voice/f5-tts/1"


def test_the_largest_epoch_is_kept() -> None:
    rollout = a_rollout()

    assert [after(rollout, OFF, {"epoch": epoch}).epoch for epoch in (0, 3, 9)] == [3, 3, 9]


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


# Evidence


def test_after_a_rollback_evidence_starts_when_every_gateway_has_switched() -> None:
    rollout = a_rollout()
    known = {"latch": a_latch(rollout), "evidence_from": NOW - seconds(5)}

    assert after(rollout, BETA_25, known, gateways=Gateways(2, 1)).evidence_from == NOW
    assert after(rollout, BETA_25, known).evidence_from == NOW - seconds(5)


def test_evidence_of_a_new_candidate_starts_when_its_pods_run() -> None:
    known = {"evidence_from": NOW - seconds(5)}
    replacing = Capacity(ready=4, applied=4, rolled_out=False)

    assert after(a_rollout(), BETA_25, known, candidate=replacing).evidence_from == NOW
    assert after(a_rollout(), BETA_25, known).evidence_from == NOW - seconds(5)


def test_evidence_is_forgotten_when_every_window_is_past_it() -> None:
    known = {"evidence_from": NOW - seconds(66)}

    assert after(a_rollout(), BETA_25, known).evidence_from is None
    assert after(a_rollout(), BETA_25, {"evidence_from": NOW - seconds(65)}).evidence_from is not None


@pytest.mark.parametrize(
    ("known", "start"), [((A_MOVE,), NOW), ((), None)], ids=["again", "for the first time"]
)
def test_a_candidate_that_people_come_back_to_is_judged_by_what_happens_from_then_on(
    known: tuple[HistoryEntry, ...], start: datetime | None
) -> None:
    situation = a_situation(a_rollout(), OFF).with_status(history=known)

    assert situation.moved(at("alpha", 10), "step opened").progress.evidence_from == start


def test_a_step_up_keeps_the_evidence() -> None:
    situation = a_situation(a_rollout(), BETA_25).with_status(history=(A_MOVE,))

    assert situation.moved(at("beta", 50), "step opened").progress.evidence_from is None


def test_nothing_is_judged_while_nobody_is_on_the_candidate() -> None:
    assert account(a_situation(a_rollout(), OFF, readings=readings(error_rate=0.9))).verdicts == ()


# After a crash


def test_a_step_that_was_opened_just_before_a_crash_is_where_users_are() -> None:
    rollout = a_rollout()
    status = a_status(rollout, BETA_25, intent=at("beta", 50), held_seconds=61.0)
    opened = FlagSeen(GENERATION + 1, at("beta", 50), intact=True)
    adopted = account(Situation(rollout, status, a_look(BETA_25, flag=opened, good_at=A_SECOND_AGO)))

    assert adopted.point == at("beta", 50)
    assert (adopted.progress.intent, adopted.progress.held_seconds) == (None, 0.0)
    assert [entry.to for entry in adopted.status.history] == ["beta 50 %"]


@pytest.mark.parametrize(
    "changes", [{}, {"percentage": 90}], ids=["same spec", "spec changed before the crash"]
)
def test_a_rollback_that_was_committed_just_before_a_crash_is_remembered(changes: dict[str, Any]) -> None:
    known, rollout = a_rollout(), a_rollout(**changes)
    latch = a_latch(rollout)
    committed = FlagSeen(GENERATION + 1, OFF, latch, intact=True)
    adopted = account(Situation(rollout, a_status(known, BETA_25), a_look(BETA_25, flag=committed)))

    assert (adopted.point, adopted.progress.latch, adopted.status.rollbacks) == (OFF, latch, 1)
    assert adopted.progress.rolled_back_at == (NOW,)


def test_a_rollback_of_an_earlier_spec_is_remembered_as_where_users_are() -> None:
    rollout = a_rollout(percentage=90)
    committed = FlagSeen(GENERATION + 1, OFF, a_latch(a_rollout(percentage=80)), intact=True)
    adopted = account(Situation(rollout, a_status(a_rollout(), BETA_25), a_look(BETA_25, flag=committed)))

    assert (adopted.point, adopted.progress.latch) == (OFF, None)


def test_a_rollback_is_counted_once() -> None:
    rollout = a_rollout()
    latch = a_latch(rollout)
    committed = FlagSeen(GENERATION + 1, OFF, latch, intact=True)
    once = account(Situation(rollout, a_status(rollout, BETA_25), a_look(BETA_25, flag=committed)))
    twice = account(Situation(rollout, once.status, a_look(OFF, flag=committed)))

    assert (once.status.rollbacks, twice.status.rollbacks) == (1, 1)
    assert once.status.history == twice.status.history


def test_a_flag_that_a_hand_edited_moves_nobody() -> None:
    rollout = a_rollout()
    edited = FlagSeen(GENERATION, at("ga", 100), intact=True)

    assert account(a_situation(rollout, BETA_25, flag=edited)).point == BETA_25
    assert account(a_situation(rollout, BETA_25, flag=replace(edited, generation=99))).point == BETA_25


@pytest.mark.parametrize("latched", [True, False])
def test_a_resource_without_its_status_goes_on_where_its_users_are(*, latched: bool) -> None:
    rollout = a_rollout()
    latch = a_latch(rollout) if latched else None
    flag = FlagSeen(GENERATION, BETA_25, latch, intact=True)
    taken_over = account(Situation(rollout, Status(), a_look(BETA_25, flag=flag)))

    assert (taken_over.point, taken_over.progress.latch) == (BETA_25, latch)


def test_a_resource_made_anew_is_still_held_to_what_it_declares() -> None:
    flag = FlagSeen(GENERATION, at("ga", 100), intact=True)
    taken_over = account(Situation(a_rollout(phase="beta"), Status(), a_look(OFF, flag=flag)))

    assert taken_over.point == at("beta", 50)


def test_only_rollbacks_inside_the_cooldown_are_remembered() -> None:
    rollout = a_rollout()
    known: dict[str, tuple[datetime, ...]] = {"rolled_back_at": (NOW - seconds(601), NOW - seconds(599))}
    committed = FlagSeen(GENERATION + 1, OFF, a_latch(rollout), intact=True)

    assert after(rollout, BETA_25, known, flag=committed).rolled_back_at == (NOW - seconds(599), NOW)

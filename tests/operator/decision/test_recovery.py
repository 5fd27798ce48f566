"""What a crash, a hand or another pod leaves behind, and what may still be believed."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from support.decisions import a_latch, booked, readings
from support.rollouts import GENERATION, NOW, OFF, a_look, a_rollout, a_situation, a_status, at, seconds
from voice_rollout.api.status import HistoryEntry, Status
from voice_rollout.decision.account import account
from voice_rollout.decision.model import Capacity, FlagSeen, Gateways, Situation

BETA_25 = at("beta", 25)
A_SECOND_AGO = NOW - seconds(1)
A_MOVE = HistoryEntry(at=A_SECOND_AGO, from_="alpha 10 %", to="disabled", why="rolled back (Disable)")


# Evidence


def test_after_a_rollback_evidence_starts_when_every_gateway_has_switched() -> None:
    rollout = a_rollout()
    known = {"latch": a_latch(rollout), "evidence_from": NOW - seconds(5)}

    assert booked(rollout, BETA_25, known, gateways=Gateways(2, 1)).evidence_from == NOW
    assert booked(rollout, BETA_25, known).evidence_from == NOW - seconds(5)


def test_evidence_of_a_new_candidate_starts_when_its_pods_run() -> None:
    known = {"evidence_from": NOW - seconds(5)}
    replacing = Capacity(ready=4, applied=4, rolled_out=False)

    assert booked(a_rollout(), BETA_25, known, candidate=replacing).evidence_from == NOW
    assert booked(a_rollout(), BETA_25, known).evidence_from == NOW - seconds(5)


def test_evidence_is_forgotten_when_every_window_is_past_it() -> None:
    known = {"evidence_from": NOW - seconds(66)}

    assert booked(a_rollout(), BETA_25, known).evidence_from is None
    assert booked(a_rollout(), BETA_25, {"evidence_from": NOW - seconds(65)}).evidence_from is not None


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

    assert booked(rollout, BETA_25, known, flag=committed).rolled_back_at == (NOW - seconds(599), NOW)

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.flag_maps import BETA_25, KEYS, LATCH, PEOPLE, changed, with_keys, written
from support.plans import percentages
from support.rollouts import OFF, Manifest, a_rollout, at
from voice_flags import Document, User, evaluate
from voice_rollout.api.status import Point
from voice_rollout.resources.flag import (
    MAX_BYTES,
    MAX_ID,
    People,
    config_map,
    document,
    entries,
    field_manager,
    look,
    people_of,
    unfit,
)

# The document


def test_a_document_says_where_users_are_and_whom_to_ask() -> None:
    wanted = document(a_rollout(flag={"name": "f5tts_engine", "requires": ["tts"]}), PEOPLE, BETA_25, 12, 3)

    assert json.loads(wanted.to_json()) == {
        "version": 1,
        "rollout": "f5-tts",
        "flag": "f5tts_engine",
        "generation": 12,
        "epoch": 3,
        "state": "on",
        "phase": "beta",
        "percentage": 25,
        "salt": "voice/f5-tts/1",
        "allow": ["qa-1"],
        "deny": ["banned-1"],
        "requires": ["tts"],
        "segments": {},
        "characters": None,
        "variants": {
            "stable": {"name": "xtts", "url": "http://f5-tts-stable.voice.svc:8000"},
            "candidate": {"name": "f5-tts", "url": "http://f5-tts-candidate.voice.svc:8000"},
        },
    }


def test_a_service_that_already_runs_is_called_under_its_own_name() -> None:
    rollout = a_rollout(stable={"name": "xtts", "service": {"name": "legacy-tts", "port": 80}})

    assert document(rollout, PEOPLE, OFF, 1, 1).stable.url == "http://legacy-tts.voice.svc:80"


def test_a_flag_without_servers_has_no_addresses() -> None:
    rollout = a_rollout(stable={"name": "xtts"}, candidate={"name": "f5-tts"})
    wanted = document(rollout, PEOPLE, OFF, 1, 1)

    assert (wanted.stable.url, wanted.candidate.url) == (None, None)


def test_a_given_salt_is_the_one_that_is_served() -> None:
    rollout = a_rollout(flag={"name": "f5tts_engine", "salt": "f5tts/1"})

    assert document(rollout, PEOPLE, OFF, 1, 1).salt == "f5tts/1"


def test_off_means_nobody_not_even_those_on_the_allow_list() -> None:
    rollout = a_rollout(audience={"allow": ["qa-1"]})

    assert not evaluate(document(rollout, PEOPLE, OFF, 1, 1), User("qa-1")).enabled
    assert evaluate(document(rollout, PEOPLE, at("alpha", 0), 1, 1), User("qa-1")).enabled


def test_an_emptied_list_is_nobody() -> None:
    served = document(a_rollout(), People(), at("alpha", 0), 1, 1)

    assert not any(evaluate(served, User(f"user-{number}")).enabled for number in range(1000))


@given(percentages, st.sets(st.text(st.characters(codec="utf-8"), min_size=1, max_size=8), max_size=5))
def test_whatever_is_written_reads_back_and_is_known_as_ours(percentage: Any, users: set[str]) -> None:
    rollout, people = with_keys(), People(frozenset(users), frozenset(users))
    point = Point(phase="beta", percentage=percentage)
    live = written(rollout, point, LATCH, people)
    seen = look(rollout, people, live)

    assert Document.parse(live["data"]["f5-tts.flag.json"]) == document(rollout, people, point, 12, 3)
    assert (seen.point, seen.latch, seen.generation, seen.epoch, seen.intact) == (point, LATCH, 12, 3, True)


# The flat keys


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        (BETA_25, ("true", "beta", "25")),
        (at("beta", "12.345"), ("true", "beta", "12.345")),
        (at("ga", 100), ("true", "ga", "100")),
        (OFF, ("false", "disabled", "0")),
    ],
)
def test_flat_keys_say_the_same_in_the_same_write(point: Point, expected: tuple[str, str, str]) -> None:
    rollout = with_keys()
    said = entries(rollout, document(rollout, PEOPLE, point, 12, 3))

    assert tuple(said[key] for key in KEYS.values()) == expected
    assert len(said) == 4


def test_only_the_flat_keys_that_were_asked_for_are_written() -> None:
    rollout = with_keys(enabled="A")

    assert set(entries(rollout, document(rollout, PEOPLE, OFF, 1, 1))) == {"A", "f5-tts.flag.json"}


def test_each_rollout_owns_its_own_keys() -> None:
    assert field_manager(a_rollout()) == "voice-rollout.f5-tts"


# What is seen of it


def test_nothing_there_is_nothing_seen() -> None:
    seen = look(a_rollout(), PEOPLE, None)

    assert (seen.generation, seen.point, seen.intact) == (0, None, False)


@pytest.mark.parametrize("text", ["", "{}", "not json", "[]", '{"version": 2}', "null"])
def test_a_bad_document_is_nothing_seen(text: str) -> None:
    seen = look(a_rollout(), PEOPLE, changed(written(a_rollout()), **{"f5-tts.flag.json": text}))

    assert (seen.point, seen.intact) == (None, False)


@pytest.mark.parametrize("field", ["rollout", "salt"])
def test_a_document_of_another_rollout_or_salt_moves_nobody(field: str) -> None:
    rollout = a_rollout()
    other = json.loads(document(rollout, PEOPLE, BETA_25, 40, 3).to_json()) | {field: "another"}
    seen = look(rollout, PEOPLE, changed(written(rollout), **{"f5-tts.flag.json": json.dumps(other)}))

    assert (seen.generation, seen.point, seen.intact) == (40, None, False)


def _hand_edits() -> dict[str, Manifest]:
    rollout = with_keys()
    live, text = written(rollout, latch=LATCH), json.loads(written(rollout)["data"]["f5-tts.flag.json"])
    return {
        "share": changed(live, **{"f5-tts.flag.json": json.dumps(text | {"percentage": 99})}),
        "allow": changed(live, **{"f5-tts.flag.json": json.dumps(text | {"allow": []})}),
        "address": changed(live, **{"f5-tts.flag.json": json.dumps(text | {"variants": _swapped(text)})}),
        "layout": changed(live, **{"f5-tts.flag.json": json.dumps(text, indent=1)}),
        "flat key": changed(live, FEATURE_F5TTS_ENABLED="false"),
        "flat key gone": live | {"data": {"f5-tts.flag.json": live["data"]["f5-tts.flag.json"]}},
        "latch": live
        | {"metadata": live["metadata"] | {"annotations": {"voicerollout.dev/f5-tts.rollback": "x"}}},
        "latch gone": live | {"metadata": live["metadata"] | {"annotations": {}}},
    }


def _swapped(text: Manifest) -> Manifest:
    variants = text["variants"]
    return {"stable": variants["candidate"], "candidate": variants["stable"]}


@pytest.mark.parametrize("edit", _hand_edits())
def test_what_a_hand_changed_is_seen(edit: str) -> None:
    assert look(with_keys(), PEOPLE, written(with_keys(), latch=LATCH)).intact
    assert not look(with_keys(), PEOPLE, _hand_edits()[edit]).intact


def test_changed_people_and_addresses_are_to_be_written() -> None:
    rollout = a_rollout()

    assert not look(rollout, People(), written(rollout)).intact
    assert not look(a_rollout(stable={"name": "other"}), PEOPLE, written(rollout)).intact


def test_a_document_of_an_older_epoch_is_still_ours() -> None:
    assert look(a_rollout(), PEOPLE, written(a_rollout())).intact


def test_keys_of_others_are_none_of_our_business() -> None:
    live = changed(written(a_rollout()), SOMEBODYS="value", **{"other.flag.json": "{}"})

    assert look(a_rollout(), PEOPLE, live).intact
    assert set(config_map(a_rollout(), document(a_rollout(), PEOPLE, OFF, 1, 1), None)["data"]) == {
        "f5-tts.flag.json"
    }


# Who is in it


def test_while_a_list_cannot_be_read_the_served_one_stays_in_force() -> None:
    rollout = a_rollout(audience={"allow": ["new"], "allowFrom": ["missing"]})

    assert people_of(rollout, written(rollout)) == PEOPLE
    assert people_of(rollout, None) == People(frozenset({"new"}))


@pytest.mark.parametrize(
    ("people", "says"),
    [
        (People(frozenset({"x" * MAX_ID})), ""),
        (
            People(frozenset({"x" * (MAX_ID + 1)})),
            "the audience has an id of 257 characters: write one id a line",
        ),
        (People(deny=frozenset({"x" * 300})), "the audience has an id of 300 characters"),
        (People(frozenset(f"user-{n:09}" for n in range(50_000))), ""),
        (
            People(frozenset(f"user-{n:09}" for n in range(60_000))),
            "and a ConfigMap holds 900000: name fewer users",
        ),
        (People(deny=frozenset(f"{n:03}" + "ü" * 250 for n in range(1_000))), ""),
        (People(deny=frozenset(f"{n:03}" + "ü" * 250 for n in range(2_000))), "name fewer users"),
    ],
    ids=["long", "too long", "too long to deny", "many", "too many", "wide", "too wide"],
)
def test_an_audience_that_no_document_can_hold_is_said(people: People, says: str) -> None:
    assert (says in unfit(people)) if says else unfit(people) == ""


def test_the_largest_audience_still_makes_a_document_that_readers_take() -> None:
    people = People(frozenset(f"user-{number:09}" for number in range(50_000)))
    text = document(a_rollout(), people, BETA_25, 1, 1).to_json()

    assert len(text.encode()) < MAX_BYTES + 1000
    assert Document.parse(text).allow == people.allow

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.flags import a_document, a_flag, document_fields
from voice_flags import Document, Reason, Snapshot, User, Variant

SOMEONE = User("someone")
KEY = "f5-tts.flag.json"
EVERYONE = Decimal(100)


def data(*documents: Document) -> dict[str, str]:
    return {f"{document.rollout}.flag.json": document.to_json() for document in documents}


def snapshot(*documents: Document) -> Snapshot:
    return Snapshot().merge(data(*documents))


def test_an_unknown_rollout_is_stable_and_off() -> None:
    verdict = Snapshot().evaluate("f5-tts", SOMEONE)

    assert (verdict.variant, verdict.reason) == (Variant.STABLE, Reason.OFF)


def test_keys_of_others_are_left_alone() -> None:
    read = Snapshot().merge({"FEATURE_F5TTS_ENABLED": "true", "flag.json": "?"} | data(a_document()))

    assert read.documents == {"f5-tts": a_document()}
    assert read.problems == {}


def test_a_newer_generation_replaces_the_older() -> None:
    newer = a_document(generation=13, percentage=EVERYONE)
    read = snapshot(a_document()).merge(data(newer))

    assert (read.documents, read.stale, read.problems) == ({"f5-tts": newer}, frozenset(), {})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("<html>", "not JSON"),
        (json.dumps(document_fields(generation=99, percentage="25")), 'percentage: "25" is refused'),
        (a_flag("other", generation=99).to_json(), "other stands under the key of f5-tts"),
        (a_document(generation=11).to_json(), "generation: 11 is older than 12, which stays"),
        (a_document(percentage=EVERYONE).to_json(), "generation: 12 was seen with other content"),
        (a_document(percentage=EVERYONE, epoch=2).to_json(), "generation: 12 was seen with other content"),
    ],
)
def test_a_document_that_cannot_be_trusted_leaves_the_last_good_one(text: str, message: str) -> None:
    good = snapshot(a_document())
    read = good.merge({KEY: text})

    assert read.documents == good.documents
    assert message in read.problems[KEY]
    assert read.stale == {"f5-tts"}


def test_one_bad_document_spoils_no_other() -> None:
    read = snapshot(a_document(), a_flag("chirp3")).merge({KEY: "?", **data(a_flag("chirp3", generation=20))})

    assert read.documents["chirp3"].generation == 20
    assert read.stale == {"f5-tts"}


def test_a_bad_first_document_is_a_problem_and_nothing_more() -> None:
    read = Snapshot().merge({KEY: "?"})

    assert (dict(read.documents), read.stale, set(read.problems)) == ({}, frozenset(), {KEY})


def test_a_repaired_document_is_taken_again() -> None:
    read = snapshot(a_document()).merge({KEY: "?"}).merge(data(a_document()))

    assert (read.stale, read.problems) == (frozenset(), {})


def test_a_bad_document_forgets_no_generation() -> None:
    read = snapshot(a_document()).merge({KEY: "?"}).merge(data(a_document(generation=3)))

    assert read.documents["f5-tts"].generation == 12


def test_the_same_generation_from_a_later_leader_is_taken() -> None:
    later = a_document(epoch=4, percentage=EVERYONE)

    assert snapshot(a_document()).merge(data(later)).documents == {"f5-tts": later}


def test_the_same_content_in_other_words_is_no_problem() -> None:
    read = snapshot(a_document()).merge({KEY: json.dumps(document_fields(), indent=2)})

    assert (read.stale, read.problems) == (frozenset(), {})


def test_a_deleted_key_keeps_users_where_they_are() -> None:
    read = snapshot(a_document(percentage=EVERYONE)).merge({})
    verdict = read.evaluate("f5-tts", SOMEONE)

    assert (verdict.variant, verdict.reason) == (Variant.CANDIDATE, Reason.STALE)


def test_a_key_written_anew_may_count_generations_afresh() -> None:
    anew = a_document(generation=1, percentage=EVERYONE)
    read = snapshot(a_document()).merge({}).merge(data(anew))

    assert (read.documents, read.stale, read.problems) == ({"f5-tts": anew}, frozenset(), {})


def test_an_unreachable_source_makes_every_answer_stale_and_moves_nobody() -> None:
    fresh = snapshot(a_document(), a_flag("chirp3"))
    users = [User(f"user-{number}") for number in range(200)]
    stale = fresh.as_stale()

    assert [stale.evaluate("f5-tts", user).variant for user in users] == [
        fresh.evaluate("f5-tts", user).variant for user in users
    ]
    assert {stale.evaluate(rollout, user).reason for rollout in fresh.documents for user in users} == {
        Reason.STALE
    }


def test_a_source_that_comes_back_is_fresh_again() -> None:
    assert snapshot(a_document()).as_stale().merge(data(a_document())).stale == frozenset()


def test_requirements_are_found_in_the_same_config_map() -> None:
    engine = a_flag("engine", percentage=EVERYONE)
    profiles = a_flag("profiles", percentage=EVERYONE, requires=("engine",))

    assert snapshot(engine, profiles).evaluate("profiles", SOMEONE).variant == Variant.CANDIDATE
    assert snapshot(profiles).evaluate("profiles", SOMEONE).reason == Reason.REQUIRES


def test_a_flag_that_two_rollouts_claim_is_nobodys() -> None:
    twin = a_flag("twin", flag="f5tts_engine", percentage=EVERYONE)
    needy = a_flag("needy", percentage=EVERYONE, requires=("f5tts_engine",))
    read = snapshot(a_document(percentage=EVERYONE), twin, needy)

    assert set(read.problems) == {KEY, "twin.flag.json"}
    assert "f5tts_engine" not in read.flags
    assert read.evaluate("needy", SOMEONE).reason == Reason.REQUIRES
    assert read.evaluate("twin", SOMEONE).variant == Variant.CANDIDATE


def test_a_document_that_did_not_change_is_not_read_again() -> None:
    first = snapshot(a_document(), a_flag("chirp3"))
    second = first.merge(data(a_document(generation=13), a_flag("chirp3")))

    assert second.documents["chirp3"] is first.documents["chirp3"]


@given(st.lists(st.integers(1, 5) | st.sampled_from(["?", "{}"]), max_size=12))
def test_no_sequence_of_readings_goes_back(readings: list[int | str]) -> None:
    read, newest = Snapshot(), 0
    for reading in readings:
        newest = max(newest, reading if isinstance(reading, int) else 0)
        text = a_document(generation=reading).to_json() if isinstance(reading, int) else reading
        read = read.merge({KEY: text})

        assert newest == max((document.generation for document in read.documents.values()), default=0)

import json
from importlib.resources import files
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.murmur3 import frozen_bucket, murmur3_x86_32
from voice_flags import BUCKETS, bucket

VECTORS = json.loads(files("voice_flags").joinpath("vectors.json").read_text("utf-8"))
POPULATION = [f"user-{number}" for number in range(50_000)]


def test_the_judge_knows_murmurs_published_answers() -> None:
    answers = {(b"", 0): 0, (b"", 1): 0x514E28B7, (b"Hello, world!", 0x9747B28C): 0x24884CBA}

    assert answers == {(data, seed): murmur3_x86_32(data, seed) for data, seed in answers}


def test_at_least_fifty_different_answers_are_published() -> None:
    assert len({(vector["salt"], vector["user"]) for vector in VECTORS}) >= 50


@pytest.mark.parametrize(
    "vector", VECTORS, ids=lambda vector: ascii(vector["salt"] + ":" + vector["user"])[:40]
)
def test_a_published_answer_never_changes(vector: dict[str, str | int]) -> None:
    salt, user = str(vector["salt"]), str(vector["user"])

    assert vector["bucket"] == bucket(salt, user) == frozen_bucket(salt, user)


def test_the_contracts_own_answers() -> None:
    assert [bucket("f5tts/1", user) for user in ("u1", "user-1", "alice")] == [97190, 51284, 59361]


@given(st.text(), st.text())
def test_any_salt_and_user_get_the_frozen_answer(salt: str, user: str) -> None:
    assert bucket(salt, user) == frozen_bucket(salt, user)


@given(st.text(alphabet=st.characters(categories=["Cs"]), min_size=1))
def test_half_a_surrogate_pair_still_has_a_place(user: str) -> None:
    assert 0 <= bucket("f5tts/1", user) < BUCKETS


@pytest.mark.parametrize("thousandths", [1, 10, 500, 10_000, 25_000, 33_333, 50_000, 75_000, 99_999])
def test_a_large_population_is_split_as_asked(thousandths: int) -> None:
    share = thousandths / BUCKETS
    inside = sum(bucket("voice/f5-tts/1", user) < thousandths for user in POPULATION)

    assert abs(inside - share * len(POPULATION)) <= 4 * sqrt(len(POPULATION) * share * (1 - share)) + 1


@pytest.mark.parametrize("share", [0.05, 0.25, 0.5, 0.9])
@pytest.mark.parametrize("salt", ["voice/f5-tts/2", "voice/chirp3-hd/1", "staging/f5-tts/1"])
def test_two_salts_choose_independently(share: float, salt: str) -> None:
    first = {user for user in POPULATION if bucket("voice/f5-tts/1", user) < share * BUCKETS}
    second = {user for user in POPULATION if bucket(salt, user) < share * BUCKETS}
    size = len(POPULATION)
    phi = (len(first & second) * size - len(first) * len(second)) / sqrt(
        len(first) * (size - len(first)) * len(second) * (size - len(second))
    )

    assert abs(phi) <= 4 / sqrt(size)


def test_the_same_salt_chooses_the_same_users() -> None:
    assert [bucket("one", user) for user in POPULATION[:100]] == [
        bucket("one", user) for user in POPULATION[:100]
    ]

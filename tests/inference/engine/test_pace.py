import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_server.engine.pace import Pace

SOME = st.floats(0.01, 1000)


def test_before_anything_was_spoken_nothing_is_foreseen() -> None:
    assert Pace.unknown(3).seconds(1000, 2) == 0


@given(st.lists(SOME, min_size=1, max_size=20), st.floats(0.001, 100))
def test_a_steady_pace_is_foreseen_as_it_is(works: list[float], per_unit: float) -> None:
    pace = Pace.unknown(1)
    for work in works:
        pace = pace.with_batch(0, work, work * per_unit)

    assert pace.seconds(50, 0) == pytest.approx(50 * per_unit)


def test_a_new_pace_is_learnt_in_a_few_batches() -> None:
    pace = Pace.unknown(1)
    for _ in range(50):
        pace = pace.with_batch(0, 10, 10)
    for _ in range(10):
        pace = pace.with_batch(0, 10, 30)

    assert 2.7 < pace.seconds(1, 0) < 3


def test_a_short_text_says_less_about_the_pace_than_a_long_one() -> None:
    pace = Pace.unknown(1).with_batch(0, 100, 100).with_batch(0, 1, 5)

    assert pace.seconds(1, 0) < 1.1


@given(st.integers(0, 3), st.integers(0, 3))
def test_a_tier_that_has_not_spoken_is_taken_for_as_slow_as_the_nearest_better_one(
    known: int, asked: int
) -> None:
    pace = Pace.unknown(4).with_batch(known, 10, 20)

    assert pace.seconds(1, asked) == (2 if asked >= known else 0)

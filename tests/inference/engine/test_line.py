from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_server.engine.line import ALIKE, FullError, Limits, admit, next_batch

LIMITS = Limits(line=10, wait=8, timeout=25)


@dataclass(frozen=True)
class Someone:
    name: int
    work: float
    tier: int = 0


LINES = st.lists(st.tuples(st.floats(1, 100), st.integers(0, 2)), max_size=12).map(
    lambda each: [Someone(name, work, tier) for name, (work, tier) in enumerate(each)]
)


def batch_of(line: list[Someone], most: int = 5, room: float = float("inf")) -> list[Someone]:
    return next_batch(line, lambda someone: someone.tier, most, room)


def test_it_lets_in_what_can_be_spoken_in_time() -> None:
    admit(3, ahead=8, own=10, limits=LIMITS)


@pytest.mark.parametrize(
    ("waiting", "ahead", "own", "why"),
    [
        (10, 1, 1, "the line is full"),
        (1, 8.1, 1, "too long a wait"),
        (1, 6, 20, "the time would be up before its end"),
    ],
)
def test_it_refuses_before_the_work_is_begun(waiting: int, ahead: float, own: float, why: str) -> None:
    with pytest.raises(FullError):
        admit(waiting, ahead, own, LIMITS)


def test_with_nothing_ahead_even_what_seems_too_long_is_let_in() -> None:
    admit(0, ahead=0, own=1000, limits=LIMITS)


@given(st.floats(8.1, 1000), st.floats(0.1, 10))
def test_who_is_refused_comes_back_to_a_line_that_lets_him_in(ahead: float, own: float) -> None:
    with pytest.raises(FullError) as full:
        admit(1, ahead, own, LIMITS)

    admit(1, ahead - full.value.retry_after, own, LIMITS)


@given(LINES, st.integers(1, 5), st.floats(1, 300))
def test_a_batch_is_of_one_tier_about_one_length_and_fits(
    line: list[Someone], most: int, room: float
) -> None:
    batch = batch_of(line, most, room)
    works = [someone.work for someone in batch]

    assert batch == [someone for someone in line if someone in batch]
    assert len(batch) <= most
    assert len({someone.tier for someone in batch}) <= 1
    assert not batch or (batch[0] == line[0] and max(works) <= ALIKE * min(works))
    assert len(batch) == 1 or sum(works) <= room


@given(LINES)
def test_nobody_who_would_fit_is_left_out_for_nothing(line: list[Someone]) -> None:
    same = [Someone(each.name, 10.0) for each in line]

    assert len(batch_of(same)) == min(5, len(same))


@given(LINES, st.lists(st.tuples(st.floats(1, 100), st.integers(0, 2)), max_size=40), st.integers(1, 5))
def test_nobody_starves_however_many_keep_coming(
    line: list[Someone], coming: list[tuple[float, int]], most: int
) -> None:
    """Two newcomers a batch; everyone goes after at most as many batches as there were people before him."""
    arrivals = iter([Someone(1000 + name, work, tier) for name, (work, tier) in enumerate(coming)])
    latest = {someone.name: place for place, someone in enumerate(line)}
    batches = 0
    while line:
        gone = batch_of(line, most)
        assert all(batches <= latest[someone.name] for someone in gone)
        batches += 1
        line = [someone for someone in line if someone not in gone]
        for _, someone in zip(range(2), arrivals, strict=False):
            latest[someone.name] = batches + len(line)
            line.append(someone)

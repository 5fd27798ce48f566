from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_server.engine.tiers import CALM, level_for, tier_for
from voice_server.engines.base import Profile

COSTS = (16.0, 12.0, 7.0, 5.0)


def level_at(load: float, level: int = 0, costs: Sequence[float] = COSTS) -> int:
    """The level for a load that takes `load` seconds at a cost of 1, with patience for 1 second."""
    return level_for(level, len(costs) - 1, 1.0, lambda tier: load * costs[tier])


@pytest.mark.parametrize(("load", "tier"), [(0, 0), (1 / 16, 0), (1 / 12, 1), (1 / 7, 2), (1 / 6, 3), (9, 3)])
def test_the_tier_is_the_best_that_patience_allows(load: float, tier: int) -> None:
    assert level_at(load) == tier


@given(st.floats(0, 1), st.integers(0, 3))
def test_whatever_was_before_the_wait_is_within_patience_or_nothing_faster_is_left(
    load: float, level: int
) -> None:
    chosen = level_at(load, level)

    assert load * COSTS[chosen] <= 1 or chosen == 3


@given(st.floats(0, 1), st.floats(1, 1 / CALM - 0.01))
def test_a_load_that_eases_a_little_changes_nothing(load: float, ease: float) -> None:
    settled = level_at(load)

    assert level_at(load / ease, settled) == settled


@given(st.lists(st.floats(0, 1), max_size=30))
def test_calm_brings_the_best_tier_back(loads: list[float]) -> None:
    level = 0
    for load in loads:
        level = level_at(load, level)

    assert level_at(0.0, level) == 0


@pytest.mark.parametrize(
    ("tiers", "fast", "high"),
    [(1, {0}, {0}), (2, {1}, {0}), (3, {1, 2}, {0, 1}), (4, {2, 3}, {0, 1})],
)
def test_a_profile_keeps_to_its_half_of_the_tiers(tiers: int, fast: set[int], high: set[int]) -> None:
    levels, last = range(tiers), tiers - 1

    assert {tier_for(Profile.FAST, level, last) for level in levels} == fast
    assert {tier_for(Profile.HIGH, level, last) for level in levels} == high
    assert {tier_for(Profile.BALANCED, level, last) for level in levels} == set(levels)

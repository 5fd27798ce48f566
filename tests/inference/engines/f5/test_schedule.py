"""Schedules go from noise to speech and never back; the pruned ones are upstream's to the last bit."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.f5 import upstream_times
from voice_server.engines.f5.schedule import TIERS, times


@given(st.integers(1, 200))
def test_a_schedule_goes_from_noise_to_speech_and_never_back(steps: int) -> None:
    schedule = times(steps)

    assert len(schedule) == steps + 1
    assert schedule[0] == 0
    assert schedule[-1] == 1
    assert all(now < after for now, after in pairwise(schedule))


@pytest.mark.parametrize("steps", [*TIERS, 9, 32])
def test_a_schedule_is_upstreams(steps: int) -> None:
    assert times(steps) == upstream_times(steps)


@pytest.mark.parametrize("steps", TIERS[1:])
def test_a_faster_tier_needs_no_times_of_its_own(steps: int) -> None:
    assert set(times(steps)) <= set(times(TIERS[0]))


@given(st.integers(2, 200))
def test_steps_are_shorter_near_the_noise(steps: int) -> None:
    schedule = times(steps)

    assert schedule[1] <= 1 - schedule[-2]


@pytest.mark.parametrize("steps", [0, -1])
def test_no_step_leads_nowhere(steps: int) -> None:
    with pytest.raises(ValueError, match="lead nowhere"):
        times(steps)

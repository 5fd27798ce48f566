"""The bucket against the windows in which a service might count."""

from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_server.engines.google.quota import Bucket

QUOTAS = st.integers(1, 1200)
ARRIVALS = st.lists(st.floats(0, 20), min_size=1, max_size=300)


def departures(bucket: Bucket, pauses: list[float]) -> list[float]:
    """When requests leave that come one after the other, with these pauses, and wait for their token."""
    now, left = 0.0, []
    for pause in pauses:
        now += pause
        while delay := bucket.delay(now):
            now += delay
        bucket = bucket.taken(now)
        left.append(now)
    return left


def most_in(seconds: float, times: list[float]) -> int:
    return max(bisect_left(times, start + seconds) - at for at, start in enumerate(times))


@given(QUOTAS, ARRIVALS)
def test_no_minute_holds_more_than_the_quota(per_minute: int, pauses: list[float]) -> None:
    left = departures(Bucket.full(per_minute, 0.0), pauses)

    assert most_in(60.0, left) <= per_minute


@pytest.mark.parametrize("per_minute", [1, 2, 9, 10, 200, 1000])
def test_who_always_has_something_to_say_uses_nearly_the_whole_quota(per_minute: int) -> None:
    left = departures(Bucket.full(per_minute, 0.0), [0.0] * (3 * per_minute))

    assert most_in(60.0, left) <= per_minute
    assert most_in(61.0, left) >= per_minute - 1


@given(QUOTAS)
def test_what_leaves_at_once_is_a_tenth_of_the_quota_or_one(per_minute: int) -> None:
    left = departures(Bucket.full(per_minute, 0.0), [0.0] * (per_minute // 10 + 5))

    assert left.count(0.0) == max(1, per_minute // 10)


@given(QUOTAS, ARRIVALS, st.floats(0, 120))
def test_nothing_leaves_before_the_time_that_the_service_asked_for(
    per_minute: int, pauses: list[float], seconds: float
) -> None:
    left = departures(Bucket.full(per_minute, 0.0).emptied(0.0, seconds), pauses)

    assert left[0] >= seconds


@given(QUOTAS, st.integers(1, 50), st.floats(0, 30))
def test_the_delay_of_several_is_that_of_the_last_of_them(per_minute: int, requests: int, at: float) -> None:
    bucket = Bucket.full(per_minute, 0.0).emptied(0.0, 7.0)
    foreseen = at + bucket.delay(at, requests)

    last = departures(bucket, [at] + [0.0] * (requests - 1))[-1]

    assert last == pytest.approx(foreseen, abs=1e-6)


def test_a_second_refusal_never_opens_the_bucket_earlier() -> None:
    shut = Bucket.full(200, 0.0).emptied(0.0, 30.0)

    assert shut.emptied(1.0, 2.0).delay(1.0) >= 29.0

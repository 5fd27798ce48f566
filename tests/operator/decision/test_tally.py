from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from support.rollouts import NOW, seconds
from voice_rollout.decision.judge import Measured
from voice_rollout.decision.tally import REACH, SPACING, Counts, Requests, Tally

F5 = ("f5", "candidate")
WINDOW = seconds(30)
TEN_SECONDS = seconds(10)


def told(total: float, failed: float = 0.0) -> Counts:
    return {F5: Requests(total, failed)}


def tally(*pages: dict[str, Counts | None], every: timedelta = TEN_SECONDS) -> Tally:
    """The gateways' pages, one after the other."""
    found = Tally()
    for number, page in enumerate(pages):
        found = found.seen(NOW + number * every, page)
    return found


def rate(found: Tally) -> Measured:
    measured = found.error_rate("f5", WINDOW)
    assert measured is not None
    return measured


def test_what_came_in_the_window_is_counted_over_all_gateways() -> None:
    measured = rate(
        tally(
            {"a": told(1000, 900), "b": told(10)},
            {"a": told(1000, 900), "b": told(10)},
            {"a": told(1050, 905), "b": told(60)},
            {"a": told(1100, 910), "b": told(110)},
        )
    )

    assert (measured.candidate, measured.samples) == (10 / 200, 200)
    assert (measured.at, measured.window) == (NOW + WINDOW, WINDOW)
    assert measured.stable is None


def test_what_came_before_the_window_is_not() -> None:
    pages = [{"a": told(100 * n, 100 * min(n, 1))} for n in range(5)]

    assert rate(tally(*pages)).candidate == 0


def test_less_than_a_window_tells_nothing() -> None:
    assert Tally().error_rate("f5", WINDOW) is None
    assert tally({"a": told(0)}, {"a": told(9, 9)}).error_rate("f5", WINDOW) is None


def test_a_window_longer_than_the_memory_is_not_told() -> None:
    pages = [{"a": told(float(n))} for n in range(20)]

    assert tally(*pages).error_rate("f5", REACH + seconds(15)) is None


def test_a_gateway_that_started_again_counts_from_nothing() -> None:
    pages = {"a": told(500, 400)}, {"a": told(500, 400)}, {"a": told(20, 2)}, {"a": told(40, 4)}
    measured = rate(tally(*pages))

    assert (measured.candidate, measured.samples) == (0.1, 40)


def test_a_gateway_that_is_new_counts_from_when_it_was_first_seen() -> None:
    page = {"a": told(0)}
    measured = rate(tally(page, page, page | {"b": told(900, 900)}, page | {"b": told(910, 900)}))

    assert (measured.candidate, measured.samples) == (0, 10)


def test_one_that_does_not_answer_for_a_moment_is_counted_when_it_answers_again() -> None:
    measured = rate(tally({"a": told(0)}, {"a": None}, {"a": None}, {"a": told(100, 7)}))

    assert (measured.candidate, measured.samples) == (0.07, 100)


def test_nobody_who_spoke_is_no_figure() -> None:
    assert rate(tally({"a": told(5)}, {"a": told(5)}, {"a": told(5)}, {"a": told(5)})).candidate is None


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=8, max_size=60))
def test_the_rate_is_that_of_the_requests_themselves_however_often_it_looks(
    seconds_of: list[tuple[int, int]],
) -> None:
    found, good, bad = Tally(), 0, 0
    told_at = []
    for number, (ok, failed) in enumerate(seconds_of):
        good, bad = good + ok, bad + failed
        told_at.append((good + bad, bad))
        found = found.seen(NOW + seconds(number), {"a": told(*told_at[-1])})
    measured = found.error_rate("f5", seconds(6))

    assert measured is not None
    last, first = (len(seconds_of) - 1) // 2 * 2, (len(seconds_of) - 1) // 2 * 2 - 6
    requests, errors = (after - before for before, after in zip(told_at[first], told_at[last], strict=True))
    assert measured.samples == requests
    assert measured.candidate == (errors / requests if requests else None)
    assert len(found.sights) <= REACH / SPACING + 2

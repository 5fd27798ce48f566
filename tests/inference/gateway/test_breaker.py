from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_server.gateway.breaker import FAILURES, REST, WINDOW, Breaker, Pass

waits = st.floats(0, 40, allow_nan=False)


def failed(*moments: float) -> Breaker:
    breaker = Breaker()
    for moment in moments:
        breaker = breaker.failed(moment, Pass.FREE)
    return breaker


OPEN = failed(0, 1, 2, 3, 4)


@given(st.lists(st.floats(0, 300), min_size=FAILURES, max_size=FAILURES).map(sorted))
def test_it_opens_exactly_when_five_failures_in_a_row_fit_in_its_window(moments: list[float]) -> None:
    assert failed(*moments).is_open == (moments[-1] - moments[0] < WINDOW)


@given(st.lists(st.booleans(), max_size=200), st.lists(waits, max_size=200))
def test_it_never_opens_while_one_request_in_five_succeeds(successes: list[bool], gaps: list[float]) -> None:
    breaker, now = Breaker(), 0.0
    for number, (succeeded, gap) in enumerate(zip(successes, gaps, strict=False)):
        now += gap
        breaker = breaker.failed(now, Pass.FREE)
        if succeeded or number % (FAILURES - 1) == 0:
            breaker = breaker.succeeded(Pass.FREE)

        assert not breaker.is_open


@given(st.floats(0, REST - 0.001))
def test_an_open_one_lets_nobody_pass_before_it_has_rested(waited: float) -> None:
    assert OPEN.ask(4 + waited) == (OPEN, Pass.NONE)


def test_a_rested_one_lets_one_probe_pass_and_nobody_beside_it() -> None:
    probing, first = OPEN.ask(4 + REST)
    _, second = probing.ask(4 + REST + 1)

    assert (first, second) == (Pass.PROBE, Pass.NONE)


def test_one_success_of_the_probe_closes_it() -> None:
    probing, leave = OPEN.ask(4 + REST)

    assert probing.succeeded(leave) == Breaker()


def test_a_failure_of_the_probe_makes_it_rest_again() -> None:
    probing, leave = OPEN.ask(40)
    resting = probing.failed(45, leave)

    assert [resting.ask(45 + REST - 0.1)[1], resting.ask(45 + REST)[1]] == [Pass.NONE, Pass.PROBE]


def test_a_probe_that_is_called_off_leaves_its_place_to_the_next_request() -> None:
    probing, leave = OPEN.ask(40)

    assert probing.abandoned(leave).ask(40)[1] is Pass.PROBE


def test_a_probe_that_never_reports_is_given_up() -> None:
    probing, _ = OPEN.ask(40)

    assert [probing.ask(40 + REST - 0.1)[1], probing.ask(40 + REST)[1]] == [Pass.NONE, Pass.PROBE]


@pytest.mark.parametrize("late", [lambda it: it.succeeded(Pass.FREE), lambda it: it.failed(10, Pass.FREE)])
def test_requests_from_before_it_opened_change_nothing(late: Callable[[Breaker], Breaker]) -> None:
    assert late(OPEN) == OPEN


@given(st.lists(st.tuples(st.sampled_from(["ask", "ok", "bad", "gone"]), waits), max_size=80))
def test_whatever_happens_probes_are_at_least_a_rest_apart_or_settled(
    events: list[tuple[str, float]],
) -> None:
    breaker, now, leave = Breaker(), 0.0, Pass.FREE
    probes: list[float] = []
    for event, gap in events:
        now += gap
        match event:
            case "ask":
                breaker, leave = breaker.ask(now)
                probes += [now] if leave is Pass.PROBE else []
            case "ok":
                breaker = breaker.succeeded(leave)
            case "bad":
                breaker = breaker.failed(now, leave)
            case _:
                breaker = breaker.abandoned(leave)
                probes = probes[:-1] if leave is Pass.PROBE else probes
        if event != "ask":
            leave = Pass.NONE if breaker.is_open else Pass.FREE

    assert all(later - earlier >= REST for earlier, later in pairwise(probes))

import asyncio
from dataclasses import replace

import pytest

from voice_server.gateway import upstream
from voice_server.gateway.breaker import FAILURES, REST
from voice_server.gateway.outcome import Declined, Failed, Outcome, Reply, Spoken, Why
from voice_server.gateway.upstream import Upstream

SPOKEN = Spoken(Reply(200, "audio/wav", b"RIFF"))
DECLINED = Declined(Reply(400, "application/json", b"{}"))
CRASHED = Failed(Why.STATUS, "status 500")
GONE = Failed(Why.UNREACHABLE, "refused")
FULL = Failed(Why.OVERLOADED, "status 429", full=True)
UNAVAILABLE = Failed(Why.OVERLOADED, "status 503")
LOST = Failed(Why.LOST, "reset")


class Clock:
    """Time that passes by a second at each attempt."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


class Asked:
    """An engine that gives these outcomes in turn, then the last one for ever."""

    def __init__(self, *outcomes: Outcome, clock: Clock | None = None) -> None:
        self._outcomes = list(outcomes)
        self._clock = clock or Clock()
        self.times = 0

    async def __call__(self) -> Outcome:
        self.times += 1
        self._clock.now += 1
        return self._outcomes.pop(0) if len(self._outcomes) > 1 else self._outcomes[0]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upstream, "_FIRST_PAUSE", 0.0)


def an_upstream(clock: Clock | None = None) -> Upstream:
    return Upstream(places=2, max_wait=0.01, clock=clock or Clock())


@pytest.mark.parametrize("refusal", [GONE, FULL, UNAVAILABLE])
@pytest.mark.parametrize("last_resort", [True, False])
async def test_where_one_pod_does_not_begin_another_may(refusal: Failed, *, last_resort: bool) -> None:
    asked = Asked(refusal, SPOKEN)

    assert await an_upstream().ask(asked, 1, last_resort=last_resort) is SPOKEN
    assert asked.times == 2


async def test_a_candidate_that_stays_away_is_asked_twice_in_all() -> None:
    asked = Asked(GONE)

    assert await an_upstream().ask(asked, 1, last_resort=False) is GONE
    assert asked.times == 2


async def test_pods_that_are_all_full_are_not_pressed() -> None:
    asked = Asked(FULL)

    assert await an_upstream().ask(asked, 1, last_resort=True) is FULL
    assert asked.times == 2


async def test_the_last_resort_is_waited_for_while_its_pod_starts_anew() -> None:
    assert await an_upstream().ask(Asked(GONE, GONE, GONE, SPOKEN), 1, last_resort=True) is SPOKEN


async def test_patience_ends() -> None:
    clock = Clock()
    asked = Asked(GONE, clock=clock)

    assert await an_upstream(clock).ask(asked, 1, last_resort=True) is GONE
    assert asked.times == upstream.PATIENCE


async def test_a_text_that_kills_pods_reaches_two_of_stable_at_most_and_one_of_the_candidate() -> None:
    candidate, stable = Asked(LOST), Asked(LOST)
    await an_upstream().ask(candidate, 1, last_resort=False)
    await an_upstream().ask(stable, 1, last_resort=True)

    assert (candidate.times, stable.times) == (1, 2)


async def test_speech_that_broke_off_is_not_begun_again() -> None:
    asked = Asked(replace(LOST, begun=True), SPOKEN)
    await an_upstream().ask(asked, 1, last_resort=True)

    assert asked.times == 1


async def test_speech_that_breaks_off_again_and_again_opens_the_breaker() -> None:
    known = an_upstream()
    for _ in range(FAILURES):
        await known.ask(Asked(replace(LOST, begun=True)), 1, last_resort=False)

    assert known.breaker.is_open


@pytest.mark.parametrize("outcome", [SPOKEN, DECLINED, CRASHED, Failed(Why.TIMEOUT, "")])
async def test_an_engine_that_answered_is_not_asked_again(outcome: Outcome) -> None:
    asked = Asked(outcome)
    await an_upstream().ask(asked, 1, last_resort=True)

    assert asked.times == 1


@pytest.mark.parametrize(("failure", "opens"), [(CRASHED, True), (UNAVAILABLE, True), (FULL, False)])
async def test_a_full_line_is_no_failure_that_opens_the_breaker(failure: Failed, *, opens: bool) -> None:
    known = an_upstream()
    for _ in range(2 * FAILURES):
        await known.ask(Asked(failure), 1, last_resort=False)

    assert known.breaker.is_open is opens


async def test_a_pod_that_dies_with_its_line_is_one_failure() -> None:
    clock = Clock()
    known = Upstream(places=2 * FAILURES, max_wait=0.01, clock=clock)
    died = asyncio.Event()

    async def lost() -> Outcome:
        await died.wait()
        clock.now += 0.1
        return LOST

    line = [asyncio.create_task(known.ask(lost, 1, last_resort=False)) for _ in range(2 * FAILURES)]
    await asyncio.sleep(0)
    died.set()
    await asyncio.gather(*line)

    assert len(known.breaker.failures) == 1


async def test_pods_that_die_one_after_another_open_the_breaker() -> None:
    known = an_upstream()
    for _ in range(FAILURES):
        await known.ask(Asked(LOST), 1, last_resort=False)

    assert known.breaker.is_open


async def test_a_full_line_does_not_make_up_for_failures_either() -> None:
    known = an_upstream()
    for failure in (*[CRASHED] * (FAILURES - 1), FULL, CRASHED):
        await known.ask(Asked(failure), 1, last_resort=False)

    assert known.breaker.is_open


async def broken(clock: Clock) -> Upstream:
    known = an_upstream(clock)
    for _ in range(FAILURES):
        await known.ask(Asked(CRASHED), 1, last_resort=False)
    return known


async def test_a_candidate_whose_breaker_is_open_is_left_alone() -> None:
    asked = Asked(SPOKEN)
    outcome = await (await broken(Clock())).ask(asked, 1, last_resort=False)

    assert isinstance(outcome, Failed)
    assert (outcome.why, outcome.attempted, asked.times) == (Why.BREAKER_OPEN, False, 0)


async def test_the_last_resort_is_asked_even_then_but_not_waited_for() -> None:
    known, gone = await broken(Clock()), Asked(GONE)

    assert await known.ask(Asked(SPOKEN), 1, last_resort=True) is SPOKEN
    assert await known.ask(gone, 1, last_resort=True) is GONE
    assert gone.times == 2


async def test_after_its_rest_one_good_answer_closes_the_breaker() -> None:
    clock = Clock()
    known = await broken(clock)
    clock.now += REST
    await known.ask(Asked(SPOKEN), 1, last_resort=False)

    assert not known.breaker.is_open


@pytest.mark.parametrize("answer", [DECLINED, FULL])
async def test_a_declined_probe_settles_nothing_and_the_next_request_probes(answer: Outcome) -> None:
    clock = Clock()
    known = await broken(clock)
    clock.now += REST
    await known.ask(Asked(answer), 1, last_resort=False)

    assert await known.ask(Asked(SPOKEN), 1, last_resort=False) is SPOKEN


async def test_a_client_that_leaves_a_probe_blocks_nobody() -> None:
    clock = Clock()
    known = await broken(clock)
    clock.now += REST
    probe = asyncio.create_task(known.ask(asyncio.Event().wait, 1, last_resort=False))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    probe.cancel()
    await asyncio.wait({probe})

    assert await known.ask(Asked(SPOKEN), 1, last_resort=False) is SPOKEN


async def test_with_every_place_taken_a_request_fails_without_being_sent() -> None:
    known, asked = an_upstream(), Asked(SPOKEN)
    hanging = [asyncio.create_task(known.ask(asyncio.Event().wait, 1, last_resort=False)) for _ in range(2)]  # type: ignore[arg-type]
    await asyncio.sleep(0)
    outcome = await known.ask(asked, 1, last_resort=True)
    for each in hanging:
        each.cancel()

    assert isinstance(outcome, Failed)
    assert (outcome.why, asked.times) == (Why.NO_PLACE, 0)


async def test_a_new_generation_of_the_flag_gives_the_variant_a_new_chance() -> None:
    known = await broken(Clock())

    assert await known.ask(Asked(SPOKEN), 2, last_resort=False) is SPOKEN


async def test_failures_of_an_older_generation_do_not_close_the_door_to_the_newer() -> None:
    known = an_upstream()
    await known.ask(Asked(SPOKEN), 2, last_resort=False)
    for _ in range(FAILURES):
        await known.ask(Asked(CRASHED), 1, last_resort=False)

    assert await known.ask(Asked(SPOKEN), 2, last_resort=False) is SPOKEN

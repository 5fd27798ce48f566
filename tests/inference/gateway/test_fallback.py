"""A candidate that fails costs its users nothing, and is blamed."""

import asyncio
from pathlib import Path

import pytest

from support.figures import counted, figure
from support.voice import (
    ENGINE_TIMEOUT,
    SPEECH,
    Clock,
    Gateway,
    ScriptedEngine,
    a_gateway,
    between,
    nowhere,
    reply,
    until,
)
from voice_server.gateway.breaker import FAILURES


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (reply(500, b"{}", "application/json"), "error-status"),
        (reply(404, b"{}", "application/json"), "error-status"),
        (reply(503, b"{}", "application/json", Retry_After="9"), "overloaded"),
        (reply(429, b"{}", "application/json"), "overloaded"),
        (reply(200, b"", "audio/wav"), "broken-audio"),
        (reply(200, b"<html>", "text/html"), "broken-audio"),
        (reply()[:-10], "connection-lost"),
        (reply(400, b"{}", "application/json"), "error-status"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n", "connection-lost"),
        (b"nonsense\r\n\r\n", "connection-lost"),
    ],
)
async def test_when_the_candidate_fails_stable_answers_and_the_candidate_is_blamed(
    gateway: Gateway, candidate: ScriptedEngine, answer: bytes, why: str
) -> None:
    candidate.answer = answer
    response = await gateway.say(user="tester")
    figures = await gateway.figures()

    assert (response.status, await response.read()) == (200, SPEECH)
    told = [response.headers[name] for name in ("X-Variant", "X-Fallback", "X-Engine")]
    assert told == ["candidate", why, "xtts"]
    assert [counted(figures, "candidate", status) for status in ("ok", "error")] == [0, 1]
    assert [counted(figures, "stable", status) for status in ("ok", "error")] == [0, 0]
    assert figure(figures, "tts_fallback_total") == 1


async def test_a_candidate_that_hangs_is_given_up_and_its_work_with_it(
    gateway: Gateway, candidate: ScriptedEngine, clock: Clock
) -> None:
    candidate.hang()
    asking = asyncio.create_task(gateway.say(user="tester"))
    await until(lambda: len(candidate.heard), is_=1)
    clock.put_forward(ENGINE_TIMEOUT)
    response = await asking
    await until(candidate.left.is_set)
    waited = figure(await gateway.figures(), "tts_synthesis_duration_seconds_sum")

    assert (response.status, response.headers["X-Fallback"]) == (200, "timeout")
    assert waited >= ENGINE_TIMEOUT


async def test_a_candidate_nobody_runs_costs_its_users_nothing(
    tmp_path: Path, stable: ScriptedEngine
) -> None:
    async with a_gateway(tmp_path, between(stable, nowhere())) as gateway:
        response = await gateway.say(user="tester")

    assert (response.status, response.headers["X-Fallback"]) == (200, "unreachable")


async def test_a_candidate_whose_pod_is_killed_in_the_middle_costs_its_users_nothing(
    gateway: Gateway, candidate: ScriptedEngine
) -> None:
    candidate.hang()
    candidate.answer = None
    asking = asyncio.create_task(gateway.say(user="tester"))
    await until(lambda: len(candidate.heard), is_=1)
    candidate.released.set()
    response = await asking

    assert (response.status, response.headers["X-Fallback"]) == (200, "connection-lost")


async def test_an_open_breaker_spares_the_candidate_but_still_counts_against_it(
    gateway: Gateway, candidate: ScriptedEngine
) -> None:
    candidate.answer = reply(500)
    responses = [await gateway.say(user="tester") for _ in range(FAILURES + 3)]
    figures = await gateway.figures()

    assert {response.status for response in responses} == {200}
    assert responses[-1].headers["X-Fallback"] == "breaker-open"
    assert len(candidate.heard) == FAILURES
    assert counted(figures, "candidate", "error") == FAILURES + 3
    assert figure(figures, "voice_gateway_breaker_open") == 1


async def test_requests_that_the_breaker_kept_away_do_not_make_the_candidate_look_fast(
    gateway: Gateway, candidate: ScriptedEngine
) -> None:
    candidate.answer = reply(500)
    for _ in range(FAILURES + 3):
        await gateway.say(user="tester")

    assert figure(await gateway.figures(), "tts_synthesis_duration_seconds_count") == FAILURES


async def test_a_candidates_breaker_is_nobody_elses(gateway: Gateway, candidate: ScriptedEngine) -> None:
    candidate.answer = reply(500)
    for _ in range(FAILURES):
        await gateway.say(user="tester")
    response = await gateway.say(user=None)

    assert (response.status, response.headers["X-Variant"]) == (200, "stable")


async def test_what_both_engines_decline_is_passed_on_and_counts_for_nobody(
    gateway: Gateway, stable: ScriptedEngine, candidate: ScriptedEngine
) -> None:
    refusal = b'{"error":{"message":"voice: there is no voice x"}}'
    stable.answer = candidate.answer = reply(400, refusal, "application/json")
    response = await gateway.say(user="tester")
    figures = await gateway.figures()

    assert (response.status, await response.read()) == (400, refusal)
    assert "X-Fallback" not in response.headers
    assert sum(counted(figures, variant, "error") for variant in ("stable", "candidate")) == 0
    assert sum(counted(figures, variant, "ok") for variant in ("stable", "candidate")) == 0

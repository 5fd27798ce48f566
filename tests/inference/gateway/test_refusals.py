"""When nobody can speak, or has no place: what users are told, and what it counts as."""

import asyncio
from pathlib import Path

import pytest

from support.figures import counted, figure
from support.voice import (
    SOON,
    Clock,
    Gateway,
    ScriptedEngine,
    a_gateway,
    between,
    nowhere,
    reply,
    until,
)
from voice_server.gateway import metrics, upstream
from voice_server.gateway.outcome import Outcome


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (reply(500), 502, "error-status"),
        (reply(503, Retry_After="9"), 503, "overloaded"),
        (reply(200, b""), 502, "broken-audio"),
        (None, 502, "connection-lost"),
    ],
)
async def test_when_stable_fails_the_user_is_told_why_and_when_to_come_back(
    gateway: Gateway, stable: ScriptedEngine, answer: bytes | None, status: int, code: str
) -> None:
    stable.answer = answer
    response = await gateway.say(user="somebody-else")
    figures = await gateway.figures()

    assert (response.status, (await response.json())["error"]["code"]) == (status, code)
    assert int(response.headers["Retry-After"]) == (9 if code == "overloaded" else 1)
    assert response.headers["X-Variant"] == "stable"
    assert counted(figures, "stable", "error") == 1


async def test_stable_is_waited_for_while_its_only_pod_starts_anew(
    tmp_path: Path, candidate: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream, "PATIENCE", SOON)
    address, is_unreachable, turned_away = nowhere(), upstream._unreachable, asyncio.Event()

    def noticed(outcome: Outcome) -> bool:
        turned_away.set()
        return is_unreachable(outcome)

    monkeypatch.setattr(upstream, "_unreachable", noticed)
    async with a_gateway(tmp_path, between(address, candidate)) as gateway:
        asking = asyncio.create_task(gateway.say())
        await turned_away.wait()
        server = await asyncio.start_server(
            ScriptedEngine().handle, "127.0.0.1", int(address.rpartition(":")[2])
        )
        response = await asking
        server.close()

    assert response.status == 200


async def test_stable_without_any_pod_is_a_503(
    tmp_path: Path, candidate: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream, "PATIENCE", 0.1)
    async with a_gateway(tmp_path, between(nowhere(), candidate)) as gateway:
        response = await gateway.say()

    assert (response.status, (await response.json())["error"]["code"]) == (503, "unreachable")
    assert "Retry-After" in response.headers


async def test_beyond_its_places_a_request_is_refused_before_any_work(
    tmp_path: Path, stable: ScriptedEngine, candidate: ScriptedEngine
) -> None:
    stable.hang()
    async with a_gateway(tmp_path, between(stable, candidate), concurrency=2, max_wait=0.05) as gateway:
        asking = [asyncio.create_task(gateway.say()) for _ in range(2)]
        await until(lambda: len(stable.heard) == 2)
        refused = await gateway.say()
        stable.released.set()
        served = [(await each).status for each in asking]

    assert (refused.status, (await refused.json())["error"]["code"]) == (429, "no-place")
    assert refused.headers["Retry-After"] == "1"
    assert (len(stable.heard), served) == (2, [200, 200])


async def test_a_candidate_that_takes_every_place_leaves_stable_users_alone(
    tmp_path: Path, stable: ScriptedEngine, candidate: ScriptedEngine
) -> None:
    candidate.hang()
    async with a_gateway(tmp_path, between(stable, candidate), concurrency=2, max_wait=0.05) as gateway:
        asking = [asyncio.create_task(gateway.say(user="tester")) for _ in range(2)]
        await until(lambda: len(candidate.heard) == 2)
        third, other = await gateway.say(user="tester"), await gateway.say()
        candidate.released.set()
        await asyncio.gather(*asking)

    assert (third.status, third.headers["X-Fallback"]) == (200, "no-place")
    assert (other.status, "X-Fallback" in other.headers) == (200, False)


async def test_a_client_that_leaves_takes_its_request_off_the_engine(
    gateway: Gateway, stable: ScriptedEngine
) -> None:
    stable.hang()
    asking = asyncio.create_task(gateway.say())
    await until(lambda: len(stable.heard), is_=1)
    asking.cancel()
    await until(stable.left.is_set)
    figures = await gateway.figures()

    assert figure(figures, "voice_gateway_abandoned_total", "stable") == 1
    assert counted(figures, "stable", "error") == 0


async def test_a_client_that_lost_its_patience_is_the_variants_error(
    gateway: Gateway, candidate: ScriptedEngine, clock: Clock
) -> None:
    candidate.hang()
    asking = asyncio.create_task(gateway.say(user="tester"))
    await until(lambda: len(candidate.heard), is_=1)
    clock.put_forward(metrics.PATIENCE)
    asking.cancel()
    await until(candidate.left.is_set)
    figures = await gateway.figures()

    assert counted(figures, "candidate", "error") == 1
    assert figure(figures, "tts_synthesis_duration_seconds_count") == 1

"""The gateway over HTTP, in front of engines that do as they are told."""

import asyncio
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import aiohttp
import pytest

from support.flags import a_document
from support.voice import (
    SPEECH,
    Gateway,
    ScriptedEngine,
    a_gateway,
    between,
    nowhere,
    reply,
    scripted_engine,
    until,
)
from voice_flags import Endpoint
from voice_server import http
from voice_server.gateway import forward, outcome, upstream
from voice_server.gateway.breaker import FAILURES
from voice_server.schemas import MAX_BODY


def counted(figures: dict[str, float], variant: str, status: str) -> float:
    name = {"stable": "xtts", "candidate": "f5-tts"}[variant]
    labels = f'character="",rollout="f5-tts",status="{status}",variant="{variant}",voice_model="{name}"'
    return figures[f"tts_synthesis_total{{{labels}}}"]


def figure(figures: dict[str, float], name: str, variant: str = "candidate") -> float:
    return figures[f'{name}{{rollout="f5-tts",variant="{variant}"}}']


@pytest.fixture
async def stable() -> AsyncIterator[ScriptedEngine]:
    async with scripted_engine(reply(X_Engine="xtts")) as engine:
        yield engine


@pytest.fixture
async def candidate() -> AsyncIterator[ScriptedEngine]:
    async with scripted_engine(reply(X_Engine="f5")) as engine:
        yield engine


@pytest.fixture
async def gateway(
    tmp_path: Path, stable: ScriptedEngine, candidate: ScriptedEngine
) -> AsyncIterator[Gateway]:
    async with a_gateway(tmp_path, between(stable, candidate)) as known:
        yield known


async def test_an_answer_names_what_happened(gateway: Gateway) -> None:
    response = await gateway.say(user="tester", headers={"X-Request-Id": "r-1"})

    assert (response.status, await response.read()) == (200, SPEECH)
    assert response.content_type == "audio/wav"
    told = {
        name: response.headers[name] for name in ("X-Variant", "X-Flag-Reason", "X-Engine", "X-Request-Id")
    }
    assert told == {
        "X-Variant": "candidate",
        "X-Flag-Reason": "allow",
        "X-Engine": "f5",
        "X-Request-Id": "r-1",
    }
    assert response.headers["X-Flag-Generation"] == "12"
    assert "X-Fallback" not in response.headers


async def test_each_request_has_an_id_even_when_the_clients_own_is_unusable(gateway: Gateway) -> None:
    ids = [
        (await gateway.say(headers={"X-Request-Id": "a b" * 99})).headers["X-Request-Id"] for _ in range(2)
    ]

    assert len(set(ids)) == 2
    assert all(len(each) == 32 for each in ids)


async def test_the_engine_gets_its_own_name_as_model_and_no_user(
    gateway: Gateway, candidate: ScriptedEngine
) -> None:
    await gateway.say("Bom dia", user="tester", model="f5-tts", speed=1.5, later_field=1)

    sent = {
        "model": "f5-tts", "input": "Bom dia", "voice": "default", "response_format": "wav",
        "speed": 1.5, "later_field": 1,
    }  # fmt: skip
    assert json.loads(candidate.heard[0]) == sent


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
    tmp_path: Path, stable: ScriptedEngine, candidate: ScriptedEngine
) -> None:
    candidate.hang()
    async with a_gateway(tmp_path, between(stable, candidate), engine_timeout=0.3) as gateway:
        response = await gateway.say(user="tester")
        await until(candidate.left.is_set)
        waited = figure(await gateway.figures(), "tts_synthesis_duration_seconds_sum")

    assert (response.status, response.headers["X-Fallback"]) == (200, "timeout")
    assert waited >= 0.3


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
    tmp_path: Path, candidate: ScriptedEngine
) -> None:
    address = nowhere()
    async with a_gateway(tmp_path, between(address, candidate)) as gateway:
        asking = asyncio.create_task(gateway.say())
        await asyncio.sleep(0)
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
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await gateway.say()
    await until(stable.left.is_set)
    figures = await gateway.figures()

    assert figure(figures, "voice_gateway_abandoned_total", "stable") == 1
    assert counted(figures, "stable", "error") == 0


async def test_a_client_that_lost_its_patience_is_the_variants_error(
    gateway: Gateway, candidate: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voice_server.gateway.metrics.PATIENCE", 0.1)
    candidate.hang()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await gateway.say(user="tester")
    await until(candidate.left.is_set)
    figures = await gateway.figures()

    assert counted(figures, "candidate", "error") == 1
    assert figure(figures, "tts_synthesis_duration_seconds_count") == 1


async def test_only_characters_that_the_flag_names_become_labels(
    tmp_path: Path, stable: ScriptedEngine, candidate: ScriptedEngine
) -> None:
    document = between(stable, candidate, characters=frozenset({"pip_boy"}), percentage=Decimal(100))
    async with a_gateway(tmp_path, document) as gateway:
        for character in ("pip_boy", "intruder", "another"):
            await gateway.say(user="ana", headers={"X-Character": character})
        figures = await gateway.figures()

    series = {name for name in figures if name.startswith("tts_synthesis_total")}
    assert not any("intruder" in name for name in series)
    assert len(series) == 8
    pip_boy = 'character="pip_boy",rollout="f5-tts",status="ok",variant="candidate",voice_model="f5-tts"'
    assert figures[f"tts_synthesis_total{{{pip_boy}}}"] == 1


async def test_every_figure_is_there_at_zero_before_the_first_request(gateway: Gateway) -> None:
    figures = await gateway.figures()

    for variant in ("stable", "candidate"):
        assert [counted(figures, variant, status) for status in ("ok", "error")] == [0, 0]
        assert figure(figures, "tts_fallback_total", variant) == 0
        assert figure(figures, "tts_synthesis_duration_seconds_count", variant) == 0
    assert figures['voice_flags_generation{rollout="f5-tts"}'] == 12
    assert figures['voice_flags_rejected_total{rollout="f5-tts"}'] == 0


async def test_a_new_generation_moves_users_and_is_acknowledged(
    gateway: Gateway, stable: ScriptedEngine
) -> None:
    before = await gateway.say(user="tester")
    gateway.publish(between(stable, nowhere(), generation=13, on=False))
    await until_shown(gateway, "voice_flags_generation", 13)
    after = await gateway.say(user="tester")

    assert [before.headers["X-Variant"], after.headers["X-Variant"]] == ["candidate", "stable"]
    assert (after.headers["X-Flag-Reason"], after.headers["X-Flag-Generation"]) == ("off", "13")


async def test_a_bad_document_changes_nothing_but_is_counted(gateway: Gateway) -> None:
    (gateway.flags / "f5-tts.flag.json").write_text("{}")
    await until_shown(gateway, "voice_flags_rejected_total", 1)
    response = await gateway.say(user="tester")

    assert (response.status, response.headers["X-Variant"], response.headers["X-Flag-Reason"]) == (
        200, "candidate", "stale",
    )  # fmt: skip


async def test_models_are_the_rollouts(gateway: Gateway) -> None:
    async with gateway.client.get(f"{gateway.url}/v1/models") as response:
        assert [model["id"] for model in (await response.json())["data"]] == ["f5-tts"]


async def test_a_gateway_is_ready_once_it_knows_its_flags(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    async with a_gateway(missing) as gateway:
        assert await status(gateway, "/readiness") == 503
        assert await status(gateway, "/health") == 200
        missing.mkdir()
        await until(lambda: status(gateway, "/readiness"), is_=200)


async def test_a_gateway_told_to_leave_is_unready_and_lets_go_of_its_clients(gateway: Gateway) -> None:
    gateway.drain.begun = True
    response = await gateway.say()

    assert await status(gateway, "/readiness") == 503
    assert await status(gateway, "/health") == 200
    assert (response.status, response.headers["Connection"]) == (200, "close")


async def until_shown(gateway: Gateway, name: str, value: float) -> None:
    async def shown() -> float:
        return (await gateway.figures())[f'{name}{{rollout="f5-tts"}}']

    await until(shown, is_=value)


async def status(gateway: Gateway, path: str) -> int:
    async with gateway.client.get(f"{gateway.url}{path}") as response:
        return response.status


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        (b"", {}, 400),
        (b"not json", {}, 400),
        (b"[" * MAX_BODY, {}, 400),
        (b'{"input": "a", "input": 5}', {}, 400),
        (b'{"input": "\\ud800"}', {}, 400),
        (b'{"input": "a", "speed": NaN}', {}, 400),
        (b'{"input": "a", "speed": 1e999}', {}, 400),
        (b"x" * (MAX_BODY + 1), {}, 413),
        (b"{}", {"Content-Encoding": "gzip"}, 415),
        (b'{"input": "a"}', {"X-User-Id": "u" * 300}, 400),
        (b'{"input": "a", "model": "../../etc"}', {}, 400),
        (b'{"input": "a", "model": "nobody"}', {}, 404),
    ],
)
async def test_a_hostile_body_gets_a_4xx_in_one_shape_and_reaches_no_engine(
    gateway: Gateway, stable: ScriptedEngine, candidate: ScriptedEngine, body: bytes, headers: dict[str, str],
    expected: int,
) -> None:  # fmt: skip
    url = f"{gateway.url}/v1/audio/speech"
    async with gateway.client.post(url, data=body, headers=headers) as response:
        error = (await response.json())["error"]

    assert response.status == expected
    assert set(error) == {"message", "type", "param", "code"}
    assert "X-Request-Id" in response.headers
    assert stable.heard + candidate.heard == []


async def test_a_body_without_end_is_refused_as_soon_as_it_is_too_long(gateway: Gateway) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100 * MAX_BODY:
            sent += 4096
            yield b"x" * 4096
            await asyncio.sleep(0)

    try:
        async with gateway.client.post(f"{gateway.url}/v1/audio/speech", data=endless()) as response:
            assert response.status == 413
    except aiohttp.ClientOSError:
        pass  # the gateway hung up while we were still sending
    assert sent < 100 * MAX_BODY


async def test_a_client_that_leaves_before_its_body_is_whole_is_nobodys_failure(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    host, port = gateway.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /v1/audio/speech HTTP/1.1\r\nContent-Length: 100\r\n\r\n{")
    await writer.drain()
    writer.close()
    await until(
        lambda: [vars(record).get("status") for record in caplog.records if record.msg == "speech"], is_=[499]
    )

    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_body_that_never_comes_is_given_up(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "BODY_DEADLINE", 0.1)
    host, port = gateway.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /v1/audio/speech HTTP/1.1\r\nContent-Length: 100\r\n\r\n{")
    answer = await reader.readline()
    writer.close()

    assert answer == b"HTTP/1.1 408 Request Timeout\r\n"


async def test_a_head_without_end_is_refused_as_soon_as_it_is_too_long(gateway: Gateway) -> None:
    host, port = gateway.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /v1/audio/speech HTTP/1.1\r\n")
    writer.writelines(f"X-{number}: {'x' * 1000}\r\n".encode() for number in range(40))
    answer = await reader.read()
    writer.close()

    assert answer.startswith(b"HTTP/1.1 431")


async def test_many_requests_on_one_connection_may_together_be_longer_than_one_head(gateway: Gateway) -> None:
    statuses = {(await gateway.say(headers={"X-Long": "x" * 20_000})).status for _ in range(4)}

    assert statuses == {200}


async def test_unknown_paths_are_refused_in_the_same_shape(gateway: Gateway) -> None:
    for method, path, expected in (("GET", "/nope", 404), ("GET", "/v1/audio/speech", 405)):
        async with gateway.client.request(method, f"{gateway.url}{path}") as response:
            assert (response.status, set(await response.json())) == (expected, {"error"})


async def test_an_engine_that_sends_without_end_is_cut_off(
    gateway: Gateway, candidate: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forward, "MAX_AUDIO", 10_000)
    monkeypatch.setattr(outcome, "MAX_AUDIO", 10_000)
    candidate.answer = reply(200, SPEECH + bytes(100_000))
    response = await gateway.say(user="tester")

    assert (response.status, response.headers["X-Fallback"]) == (200, "broken-audio")


async def test_a_name_that_an_engine_makes_up_cannot_break_a_header(
    gateway: Gateway, candidate: ScriptedEngine
) -> None:
    candidate.answer = reply(X_Engine="f5<script>" + "x" * 200, X_Quality_Tier="<12>")
    headers = (await gateway.say(user="tester")).headers

    assert headers["X-Engine"] == "f5-tts"
    assert "X-Quality-Tier" not in headers


async def test_how_good_the_engine_could_afford_to_be_is_told(
    gateway: Gateway, candidate: ScriptedEngine
) -> None:
    candidate.answer = reply(X_Quality_Tier="12")

    assert (await gateway.say(user="tester")).headers["X-Quality-Tier"] == "12"


async def test_a_rollout_that_only_carries_a_flag_cannot_speak(tmp_path: Path) -> None:
    flag_only = a_document(stable=Endpoint("xtts"), candidate=Endpoint("f5-tts"))
    async with a_gateway(tmp_path, flag_only) as gateway:
        response = await gateway.say()

    assert (response.status, (await response.json())["error"]["code"]) == (404, "model_not_found")

"""The gateway over HTTP, in front of engines that do as they are told."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from support.figures import counted, figure
from support.flags import a_document
from support.voice import SPEECH, Gateway, ScriptedEngine, a_gateway, between, nowhere, reply, until
from voice_flags import Endpoint
from voice_server.gateway import forward, outcome


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
        assert figure(figures, "tts_first_audio_seconds_count", variant) == 0
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

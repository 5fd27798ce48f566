"""The engine over HTTP, speaking with the real espeak-ng."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from support.engine_pod import WHOSE, Client, an_engine
from support.engines import ToneEngine, sound_of
from support.voice import SOON, until
from voice_server.audio import wav
from voice_server.engine.script import PAUSE
from voice_server.engines import espeak
from voice_server.engines.espeak import Espeak

FOREVER = "#!/bin/sh\nexec sleep 60\n"


@pytest.fixture
async def engine() -> AsyncIterator[Client]:
    async with an_engine() as client:
        await until(lambda: client.status("/readiness"), is_=200)
        yield client


@pytest.fixture
def hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From the call on espeak-ng never ends by itself."""
    program = tmp_path / "espeak-ng"
    program.write_text(FOREVER)
    program.chmod(0o755)
    return lambda: monkeypatch.setattr(espeak, "PROGRAM", str(program))


async def test_it_answers_a_wav_that_can_be_heard(engine: Client) -> None:
    response, body = await engine.say("Bom dia, Brasil")

    assert (response.status, response.content_type, response.headers["X-Engine"]) == (
        200,
        "audio/wav",
        "espeak",
    )
    assert not wav.decode(body).is_silent


async def test_pcm_is_the_same_sound_without_a_header(engine: Client) -> None:
    (_, whole), (response, bare) = await engine.say(), await engine.say(response_format="pcm")

    assert wav.decode(whole).samples == bare
    assert response.headers["Content-Type"] == "audio/pcm;rate=22050;channels=1;bits=16"


async def test_an_unknown_voice_is_the_clients_mistake(engine: Client) -> None:
    response, body = await engine.say(voice="alloy")

    assert response.status == 400
    assert b"there is no voice 'alloy'; write default or one of" in body


async def test_an_engine_that_cannot_speak_is_alive_but_never_ready() -> None:
    async with an_engine(voice="klingon") as client:
        response, _ = await client.say()

        assert [await client.status("/health"), await client.status("/readiness")] == [200, 503]
        assert (response.status, response.headers["Retry-After"]) == (503, "1")


async def test_a_full_line_is_a_429_that_says_when_to_come_back(
    engine: Client, hang: Callable[[], None]
) -> None:
    hang()
    saying = [asyncio.create_task(engine.say())]
    await until(engine.is_busy)
    saying += [asyncio.create_task(engine.say()) for _ in range(2)]
    await until(lambda: engine.figure("tts_engine_queue_depth"), is_=2)
    response, _ = await engine.say()
    for each in saying:
        each.cancel()

    assert response.status == 429
    assert int(response.headers["Retry-After"]) >= 1
    await until(lambda: engine.outcome("refused"), is_=1)


async def test_a_synthesis_without_end_is_a_504(hang: Callable[[], None]) -> None:
    async with an_engine(seconds=1) as client:
        await until(lambda: client.status("/readiness"), is_=200)
        hang()
        response, _ = await client.say()

    assert response.status == 504


async def test_a_client_that_leaves_frees_the_engine_for_the_next(
    engine: Client, hang: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    hang()
    saying = asyncio.create_task(engine.say())
    await until(engine.is_busy)
    saying.cancel()
    await until(lambda: engine.outcome("abandoned"), is_=1)
    monkeypatch.setattr(espeak, "PROGRAM", "espeak-ng")
    response, _ = await engine.say()

    assert response.status == 200


async def test_its_figures_are_there_from_the_start_and_count_what_happens(engine: Client) -> None:
    before = [await engine.figure(name) for name in ("tts_vram_oom_total", "tts_real_time_factor_count")]
    _, body = await engine.say()
    await engine.say(voice="alloy")
    work = await engine.figure("tts_real_time_factor_sum") * wav.decode(body).duration

    assert before == [0, 0]
    assert await engine.figure("tts_real_time_factor_count") == 1
    assert 0 < work < await engine.figure("tts_engine_duration_seconds_sum")
    assert [await engine.outcome(name) for name in ("ok", "invalid", "error")] == [1, 1, 0]
    assert await engine.figure("tts_engine_errors_total", f'kind="VALIDATION",{WHOSE}') == 1
    assert await engine.figure("tts_engine_real_time_factor_count", WHOSE.replace(",", ',tier="",')) == 1
    assert 20 < await engine.figure("tts_snr_db_sum") <= 60
    assert 5 < await engine.figure("tts_speaking_rate_sum") < 30
    assert 0 < await engine.figure("tts_engine_model_load_seconds") < SOON


@pytest.mark.parametrize("profile", ["fast", "balanced", "high"])
async def test_a_quality_profile_is_taken_by_its_name(engine: Client, profile: str) -> None:
    response, _ = await engine.say(quality_profile=profile)

    assert response.status == 200


async def test_a_quality_profile_that_does_not_exist_is_the_clients_mistake(engine: Client) -> None:
    response, body = await engine.say(quality_profile="perfect")

    assert response.status == 400
    assert b'write \\"fast\\", \\"balanced\\" or \\"high\\"' in body


class WordEngine(ToneEngine):
    longest_text = 20


async def test_a_long_text_is_spoken_in_pieces_and_comes_back_as_one_sound(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    engine = WordEngine(cost=(1e-4, 1e-5))
    async with an_engine(engine) as client:
        await until(lambda: client.status("/readiness"), is_=200)
        response, body = await client.say("Ana tem 2 gatos. Bia tem 3 casas.")
    heard = wav.decode(body)
    pieces = [sound_of(text) for text in ("Ana tem dois gatos.", "Bia tem três casas.")]
    line = next(vars(record) for record in caplog.records if "tier" in vars(record))

    assert response.headers["X-Quality-Tier"] == "t0"
    assert heard.duration == pytest.approx(sum(each.duration for each in pieces) + PAUSE, abs=1e-3)
    assert (line["tier"], line["pieces"], line["job_id"]) == ("t0", 2, response.headers["X-Request-Id"])
    assert {
        "inference_time_ms",
        "queue_ms",
        "audio_duration_s",
        "characters_per_second",
        "snr_db",
    } <= line.keys()


async def test_a_text_that_an_engine_cannot_speak_is_a_422(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with an_engine(ToneEngine()) as client:
        await until(lambda: client.status("/readiness"), is_=200)
        response, body = await client.say("mute")

    assert (response.status, b"input: nothing to say" in body) == (422, True)
    assert "VALIDATION" in [vars(record).get("error") for record in caplog.records]


async def test_its_model_is_listed_with_its_licence(engine: Client) -> None:
    async with engine.session.get(f"{engine.url}/v1/models") as response:
        assert [(model["id"], model["licence"]) for model in (await response.json())["data"]] == [
            (Espeak.name, "GPL-3.0-or-later")
        ]


async def test_its_voices_are_listed_with_their_papers(tmp_path: Path) -> None:
    (tmp_path / "ana.wav").write_bytes(b"sound")
    (tmp_path / "ana.json").write_text('{"licence": "CC0-1.0", "consent": "signed"}')
    async with (
        an_engine(ToneEngine(), voices=tmp_path) as client,
        client.session.get(f"{client.url}/v1/voices") as response,
    ):
        data = (await response.json())["data"]

    assert data == [{"id": "ana", "object": "voice", "licence": "CC0-1.0", "consent": "signed"}]


async def test_told_to_leave_it_is_unready_but_still_speaks(engine: Client) -> None:
    engine.drain.begun = True
    response, _ = await engine.say()

    assert [await engine.status("/readiness"), response.status] == [503, 200]
    assert response.headers["Connection"] == "close"


async def test_an_engine_that_fails_in_a_way_nobody_foresaw_is_restarted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def surprise(_: Espeak) -> None:
        raise LookupError

    monkeypatch.setattr(Espeak, "warm_up", surprise)
    async with an_engine() as client:
        await until(lambda: client.status("/health"), is_=503)

"""The voices of an engine pod over HTTP."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import numpy as np
import pytest

from support.engines import ToneEngine
from support.sound_files import a_file, written
from support.sounds import RATE, a_murmur, a_tone, noise, silence
from support.voice import LOCAL, serving
from voice_server.audio import upload
from voice_server.audio.passage import SHORTEST
from voice_server.engine.app import create_app
from voice_server.engine.voices import AT_A_TIME
from voice_server.engines import recordings
from voice_server.engines.base import EngineError, UnusableVoiceError
from voice_server.serving import Drain
from voice_server.settings import EngineSettings
from voice_server.voices.registry import Registry

TOO_LOUD = written(30 * a_murmur(4), coding="FLOAT")
TWO_SECONDS = written(np.concatenate([silence(2), a_murmur(2), silence(2)]))
PAPERS = {"language": "pt-BR", "licence": "CC0-1.0", "consent": "Ana, 2026-01-02"}


class Desk:
    def __init__(self, client: aiohttp.ClientSession, url: str, engine: "RegistryEngine") -> None:
        self.client = client
        self.url = f"{url}/v1/voices"
        self.engine = engine

    async def add(self, audio: bytes | None = None, **fields: str) -> tuple[int, str]:
        form = aiohttp.FormData(default_to_multipart=True)
        for name, value in ({"name": "ana"} | PAPERS | fields).items():
            form.add_field(name, value)
        if audio != b"":
            form.add_field("audio", audio or a_file(), filename="ana.wav")
        async with self.client.post(self.url, data=form) as response:
            return response.status, await response.text()

    async def remove(self, name: str) -> int:
        async with self.client.delete(f"{self.url}/{name}") as response:
            return response.status

    async def names(self) -> list[str]:
        async with self.client.get(self.url) as response:
            return [voice["id"] for voice in (await response.json())["data"]]


class RegistryEngine(ToneEngine):
    """Speaks with the voices of a folder."""

    folder: Path | None = None

    def __init__(self) -> None:
        super().__init__()
        self.forgotten: list[str] = []
        self.says: dict[str | None, EngineError] = {}

    def voices(self) -> list[str]:
        return [voice.name for voice in Registry(self.folder).listing().voices]

    async def prepare_voice(self, voice: str | None) -> None:
        """Nothing has to be made of a voice, where nothing is wrong with it."""
        if voice in self.says:
            raise self.says[voice]

    def forget(self, voice: str) -> None:
        self.forgotten.append(voice)


async def a_desk(folder: Path | None) -> AsyncIterator[Desk]:
    settings = EngineSettings(LOCAL, "tone", "f5-tts", "stable", 9, 8, 25, 60, voices=folder)
    engine = RegistryEngine()
    engine.folder = folder
    async with (
        serving(create_app(engine, settings, Drain(), time.monotonic)) as url,
        aiohttp.ClientSession() as client,
    ):
        yield Desk(client, url, engine)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async for each in a_desk(tmp_path):
        yield each


def files(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


async def test_a_voice_is_added_listed_and_removed(desk: Desk, tmp_path: Path) -> None:
    status, body = await desk.add(ref_text="Bom dia a todos.")
    found = Registry(tmp_path).find("ana")

    assert (status, '"consent":"Ana, 2026-01-02"' in body) == (201, True)
    assert found is not None
    assert (found.transcript, found.recording) == ("Bom dia a todos.", tmp_path / "ana.wav")
    assert await desk.names() == ["ana"]
    assert [await desk.remove("ana"), await desk.remove("ana")] == [200, 404]
    assert await desk.names() == []
    assert desk.engine.forgotten == ["ana"]


@pytest.mark.parametrize("kind", ["wav", "flac", "mp3"])
async def test_whatever_was_sent_a_voice_is_kept_so_that_speaking_needs_no_decoder(
    desk: Desk, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.add(a_file(kind))
    monkeypatch.setattr(upload, "_PROGRAM", "/no/such/program")

    found = recordings.find(Registry(tmp_path), "ana")

    assert found is not None
    assert recordings.clean(found.voice.recording, RATE).duration > SHORTEST


@pytest.mark.parametrize(
    ("audio", "fields", "status", "message"),
    [
        (b"", {}, 400, "audio: there is no file; send multipart/form-data"),
        (None, {"name": "../ana"}, 400, "name: write at most 64 letters"),
        (None, {"colour": "red"}, 400, "colour: no such field"),
        (None, {"consent": " "}, 422, "consent: write who agreed to the use of this voice"),
        (None, {"ref_text": "a" * 2001}, 422, "ref_text: write only what is said"),
        (b"not a sound", {}, 422, "audio: not a WAV, MP3, FLAC or Ogg file"),
        (written(a_murmur(2)), {}, 422, "audio: 2.0 s are too short; record 3 to 12 s"),
        (written(silence(5)), {}, 422, "audio: nobody speaks in the recording; record 3 to 12 s of speech"),
        (written(noise(5, 0.1)), {}, 422, "audio: nobody speaks in the recording; record 3 to 12 s"),
        (written(a_tone(5)), {}, 422, "audio: nobody speaks in the recording; record 3 to 12 s"),
        (TWO_SECONDS, {}, 422, "audio: 2.2 s are left without the silence at both ends; record 3 to 12 s"),
        (written(a_murmur(5, 0.003)), {}, 422, "audio: the recording is too quiet (speech at -5"),
        (TOO_LOUD, {}, 422, "audio: samples go up to 9; full scale is 1.0"),
    ],
)
async def test_what_cannot_be_a_voice_is_refused_with_what_to_send_instead(
    desk: Desk, tmp_path: Path, audio: bytes | None, fields: dict[str, str], status: int, message: str
) -> None:
    answer, body = await desk.add(audio, **fields)

    assert (answer, message in body) == (status, True)
    assert files(tmp_path) == []


async def test_a_voice_that_the_engine_can_never_speak_with_is_refused_at_once_and_not_kept(
    desk: Desk, tmp_path: Path
) -> None:
    desk.engine.says["ana"] = UnusableVoiceError("ana.txt: written out, these are 3 characters, too few")
    status, body = await desk.add(ref_text="a")

    assert (status, "voice: ana.txt: written out, these are 3 characters" in body) == (422, True)
    assert (files(tmp_path), desk.engine.forgotten) == ([], ["ana"])


async def test_a_voice_is_kept_where_it_is_the_engine_that_fails(desk: Desk, tmp_path: Path) -> None:
    desk.engine.says["ana"] = EngineError("the engine is not warm")

    assert (await desk.add())[0] == 201
    assert files(tmp_path) == ["ana.json", "ana.wav"]


async def test_a_name_is_taken_once(desk: Desk) -> None:
    assert [(await desk.add())[0], (await desk.add())[0]] == [201, 409]


async def test_few_uploads_are_taken_at_a_time_and_the_others_come_again(desk: Desk) -> None:
    statuses = await asyncio.gather(*(desk.add(name=f"voice-{number}") for number in range(8)))

    assert {status for status, _ in statuses} <= {201, 429}
    assert sum(status == 201 for status, _ in statuses) >= AT_A_TIME
    assert len(await desk.names()) == sum(status == 201 for status, _ in statuses)


async def test_a_body_that_is_no_form_is_the_clients_mistake(desk: Desk) -> None:
    for content_type in ("application/json", "multipart/form-data", "multipart/form-data; boundary=x"):
        headers = {"Content-Type": content_type}
        async with desk.client.post(desk.url, data=b"{}", headers=headers) as response:
            assert response.status == 400, content_type


async def test_a_pod_without_a_folder_keeps_no_voices() -> None:
    async for desk in a_desk(None):
        status, body = await desk.add()

        assert (status, "VOICE_VOICES_PATH" in body) == (404, True)
        assert await desk.remove("ana") == 404

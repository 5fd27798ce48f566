"""Formats and watermarks over HTTP, from espeak-ng to the listener."""

import contextlib
import time
from collections.abc import AsyncIterator
from io import BytesIO

import aiohttp
import numpy as np
import pytest
import soundfile

from support.voice import LOCAL, SOON, serving, until
from voice_server.audio import answers
from voice_server.audio.samples import Samples
from voice_server.engine.app import create_app
from voice_server.engines import espeak
from voice_server.serving import Drain
from voice_server.settings import EngineSettings, SettingsError

Answer = tuple[int, str, bytes]


def settings(watermark: str) -> EngineSettings:
    environment = {"VOICE_ENGINE": "espeak", "VOICE_WATERMARK": watermark}
    read = EngineSettings.read(environment)
    return EngineSettings(LOCAL, "espeak", "", "", read.line, 600, SOON, 60, watermark=read.watermark)


@contextlib.asynccontextmanager
async def an_engine(watermark: str = "") -> AsyncIterator[str]:
    app = create_app(espeak.create({}), settings(watermark), Drain(), time.monotonic)
    async with serving(app) as url:
        await until(lambda: status(f"{url}/readiness"), is_=200)
        yield url


async def status(url: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status


async def say(url: str, form: str) -> Answer:
    body = {"input": "Olá, bom dia", "response_format": form}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/v1/audio/speech", json=body) as response,
    ):
        return response.status, response.headers["Content-Type"], await response.read()


def whisper(samples: Samples, _: int) -> Samples:
    return samples * np.float32(0.97)


def shout(samples: Samples, _: int) -> Samples:
    return samples * np.float32(0.5)


async def test_the_engine_speaks_in_every_format() -> None:
    async with an_engine() as url:
        for form in ("wav", "mp3", "opus", "flac"):
            code, media, body = await say(url, form)

            assert code == 200
            answers.check(body, media)
            with soundfile.SoundFile(BytesIO(body)) as sound:
                assert sound.comment.startswith("Synthetic speech by espeak")


async def test_a_watermark_is_named_by_a_setting() -> None:
    async with an_engine() as plain, an_engine(f"{__name__}:whisper") as marked:
        assert (await say(plain, "wav"))[2] != (await say(marked, "wav"))[2]


async def test_speech_is_refused_rather_than_spoiled_by_its_watermark() -> None:
    async with an_engine(f"{__name__}:shout") as url:
        code, _, body = await say(url, "wav")

    assert code == 500
    assert b"could not" in body


def test_a_watermark_that_is_not_there_ends_the_start() -> None:
    with pytest.raises(SettingsError, match=r"VOICE_WATERMARK: .* write package\.module:function"):
        create_app(espeak.create({}), settings("no.such:mark"), Drain(), time.monotonic)

"""A local Google for each test, and an engine that signs in there with a key file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.google_doors import google_tts
from support.google_tts import CHIRP, Ear, GoogleTts, Made, Warm
from support.google_wire import surroundings
from voice_server.engines.google import Google, create


@pytest.fixture
async def google() -> AsyncIterator[GoogleTts]:
    async with google_tts() as service:
        yield service


@pytest.fixture(params=["grpc", "rest"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def pod(google: GoogleTts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of this process is a pod's."""
    for name, value in surroundings().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(google.key_file(tmp_path)))


@pytest.fixture
def engine(google: GoogleTts, pod: None) -> Made:
    """An engine that was not warmed up yet."""

    def made(transport: str = "grpc", **environment: str) -> Google:
        given = {
            "GOOGLE_VOICE": CHIRP,
            "GOOGLE_TTS_ENDPOINT": getattr(google, transport),
            "GOOGLE_TTS_TRANSPORT": transport,
            "VOICE_SYNTHESIS_TIMEOUT_SECONDS": "8",
        }
        return create(given | environment)

    return made


@pytest.fixture
def warm(google: GoogleTts, engine: Made) -> Warm:
    """A warm engine; what it said to become so is forgotten."""

    async def warmed(transport: str = "grpc", **environment: str) -> Google:
        made = engine(transport, **environment)
        await made.warm_up()
        google.heard.clear()
        google.at.clear()
        return made

    return warmed


@pytest.fixture
def ear() -> Ear:
    return Ear()

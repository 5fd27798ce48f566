"""A local Google for each test, and an engine that signs in there with a key file."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from support.google_doors import google_tts
from support.google_tts import CHIRP, Ear, GoogleTts, Made, Warm
from support.google_wire import surroundings
from support.voice import Clock
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
            "VOICE_SYNTHESIS_TIMEOUT_SECONDS": "60",
        }
        return create(given | environment)

    return made


@pytest.fixture
def warm(google: GoogleTts, engine: Made) -> Warm:
    """A warm engine, however little time it has for a text; what it said to become so is forgotten."""

    async def warmed(transport: str = "grpc", **environment: str) -> Google:
        made = engine(transport, **environment)
        told, made._settings = made._settings, replace(made._settings, timeout=60)
        await made.warm_up()
        made._settings = told
        made._patience = told.patience
        google.heard.clear()
        google.at.clear()
        return made

    return warmed


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def one_try(monkeypatch: pytest.MonkeyPatch) -> None:
    """All the time that a text has is needed for a try, so that none is left for another."""
    monkeypatch.setattr("voice_server.engines.google.line._SHORTEST_TRY", 60.0)


@pytest.fixture
def few_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nearly all of it is: only what fails within half a second is tried again."""
    monkeypatch.setattr("voice_server.engines.google.line._SHORTEST_TRY", 59.5)


@pytest.fixture
def google_clock(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """What the engine goes by, too; not the library, which has the time that it is given."""
    for module in ("engine", "line", "streams"):
        monkeypatch.setattr(f"voice_server.engines.google.{module}.monotonic", clock)
    return clock

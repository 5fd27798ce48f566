"""The programs as they run in a pod: real processes, real signals, real speech, users who must notice nothing."""

import asyncio
import contextlib
import json
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import aiohttp
import pytest

from support.program import Program, program
from support.voice import SOON, ScriptedEngine, between, publish, scripted_engine, until
from voice_flags import Document

RATE = 10
AT_ONCE = 10
"""Requests under way: a slow machine is asked more slowly."""


@dataclass
class Load:
    """Requests of many users, some a second, each to the address that `where` names at that moment."""

    where: Callable[[], str]
    statuses: list[int | str] = field(default_factory=list)
    sides: dict[str, set[str]] = field(default_factory=dict)
    fallbacks: int = 0

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as calls:
            going = asyncio.create_task(self._go(session, calls))
            try:
                yield
            finally:
                going.cancel()

    async def _go(self, session: aiohttp.ClientSession, calls: asyncio.TaskGroup) -> None:
        start, number, places = time.monotonic(), 0, asyncio.Semaphore(AT_ONCE)
        while True:
            await places.acquire()
            call = calls.create_task(self._call(session, f"user-{number % 50}"))
            call.add_done_callback(lambda _: places.release())
            number += 1
            await asyncio.sleep(start + number / RATE - time.monotonic())

    async def _call(self, session: aiohttp.ClientSession, user: str) -> None:
        body = {"input": "Bom dia", "user": user}
        try:
            async with session.post(f"{self.where()}/v1/audio/speech", json=body) as response:
                await response.read()
        except aiohttp.ClientError as error:
            self.statuses.append(repr(error))
            return
        self.statuses.append(response.status)
        self.sides.setdefault(user, set()).add(response.headers["X-Variant"])
        self.fallbacks += "X-Fallback" in response.headers

    async def more(self, requests: int) -> None:
        """Wait until so many more have been answered."""
        enough = len(self.statuses) + requests
        await until(lambda: len(self.statuses) >= enough)

    @property
    def failures(self) -> list[int | str]:
        return [status for status in self.statuses if status != 200]


@contextlib.contextmanager
def an_engine(folder: Path, name: str, **environment: str) -> Iterator[Program]:
    known = {
        "VOICE_ENGINE": "espeak",
        "VOICE_ROLLOUT": "f5-tts",
        "VOICE_VARIANT": name,
        "VOICE_DRAIN_SECONDS": "1",
    }
    with program("engine", folder / f"{name}.log", **known, **environment) as engine:
        yield engine


@contextlib.contextmanager
def a_gateway(
    folder: Path, document: Document, name: str = "gateway", **environment: str
) -> Iterator[Program]:
    flags = folder / "flags"
    flags.mkdir(exist_ok=True)
    publish(flags, document)
    known = {"VOICE_FLAGS_PATH": str(flags), "VOICE_DEFAULT_ROLLOUT": "f5-tts", "VOICE_DRAIN_SECONDS": "1"}
    with program("gateway", folder / f"{name}.log", **known | environment) as gateway:
        yield gateway


def _a_model(folder: Path) -> Path:
    """A copy of espeak-ng's data, to be broken."""
    return Path(shutil.copytree(next(Path("/usr").glob("lib*/**/espeak-ng-data")), folder / "model"))


def _halved(stable: Program, candidate: Program) -> Document:
    return between(stable.url, candidate.url, percentage=Decimal(50))


@pytest.fixture
async def engine() -> AsyncIterator[ScriptedEngine]:
    async with scripted_engine() as engine:
        yield engine


async def test_a_rolling_restart_of_gateways_fails_no_request(tmp_path: Path, engine: ScriptedEngine) -> None:
    document = between(engine, engine)
    with (
        a_gateway(tmp_path, document, "old", VOICE_DRAIN_SECONDS="10") as old,
        a_gateway(tmp_path, document, "new") as new,
    ):
        await asyncio.gather(old.ready(), new.ready())
        current = old
        load = Load(lambda: current.url)
        async with load.running():
            await load.more(RATE)
            old.terminate()
            await until(old.is_ready, is_=False)
            await load.more(RATE // 2)  # the endpoints take a moment to follow readiness
            current = new
            assert await old.ended() == 0
            await load.more(RATE)

    assert load.failures == []


async def test_a_request_that_outlasts_the_drain_is_still_answered(
    tmp_path: Path, engine: ScriptedEngine
) -> None:
    engine.hang()
    with a_gateway(tmp_path, between(engine, engine), VOICE_DRAIN_SECONDS="0.2") as gateway:
        await gateway.ready()
        load = Load(lambda: gateway.url)
        async with aiohttp.ClientSession() as session:
            call = asyncio.create_task(load._call(session, "ana"))
            await until(lambda: len(engine.heard), is_=1)
            gateway.terminate()
            await until(gateway.listens, is_=False)
            engine.released.set()
            await call

        assert await gateway.ended() == 0
    assert load.statuses == [200]


async def test_a_request_without_end_does_not_keep_a_gateway_beyond_its_grace(
    tmp_path: Path, engine: ScriptedEngine
) -> None:
    engine.hang()
    with a_gateway(
        tmp_path, between(engine, engine), VOICE_DRAIN_SECONDS="0", VOICE_GRACE_SECONDS="1"
    ) as gateway:
        await gateway.ready()
        async with aiohttp.ClientSession() as session:
            call = asyncio.create_task(session.post(f"{gateway.url}/v1/audio/speech", json={"input": "Olá"}))
            await until(lambda: len(engine.heard), is_=1)
            gateway.terminate()
            assert await gateway.ended() == 0
            await asyncio.wait({call})


async def test_a_model_that_breaks_under_load_fails_no_user_and_is_seen_as_errors(tmp_path: Path) -> None:
    data = _a_model(tmp_path)
    with (
        an_engine(tmp_path, "stable") as stable,
        an_engine(tmp_path, "candidate", VOICE_MODEL_PATH=str(data), ESPEAK_VOICE="pt-br+f2") as candidate,
        a_gateway(tmp_path, _halved(stable, candidate)) as gateway,
    ):
        await asyncio.gather(stable.ready(), candidate.ready(), gateway.ready())
        load = Load(lambda: gateway.url)
        async with load.running():
            await load.more(2 * RATE)
            healthy = load.fallbacks
            (data / "phontab").write_bytes(b"")
            await until(lambda: load.fallbacks > 5)
            await until(candidate.is_ready, is_=False)
        errors = await gateway.figure('status="error",variant="candidate"')

    assert (load.failures, healthy) == ([], 0)
    assert load.fallbacks == errors
    assert {len(sides) for sides in load.sides.values()} == {1}


async def test_a_candidate_that_is_killed_under_load_fails_no_user(tmp_path: Path) -> None:
    with (
        an_engine(tmp_path, "stable") as stable,
        an_engine(tmp_path, "candidate") as candidate,
        a_gateway(tmp_path, _halved(stable, candidate)) as gateway,
    ):
        await asyncio.gather(stable.ready(), candidate.ready(), gateway.ready())
        load = Load(lambda: gateway.url)
        async with load.running():
            await load.more(RATE)
            candidate.kill()
            await until(lambda: load.fallbacks > 5)

    assert load.failures == []


async def test_logs_are_json_without_texts_and_without_users(tmp_path: Path) -> None:
    with an_engine(tmp_path, "stable") as stable, a_gateway(tmp_path, _halved(stable, stable)) as gateway:
        await asyncio.gather(stable.ready(), gateway.ready())
        async with aiohttp.ClientSession() as session:
            body = {"input": "segredo de estado", "user": "ana-maria", "voice": "en-us"}
            async with session.post(f"{gateway.url}/v1/audio/speech", json=body) as response:
                request_id = response.headers["X-Request-Id"]
        for each in (stable, gateway):
            each.terminate()
            assert await each.ended() == 0

    for log in (stable.log.read_text(), gateway.log.read_text()):
        lines = [json.loads(line) for line in log.splitlines()]
        assert [line["duration_ms"] > 0 for line in lines if line.get("request_id") == request_id] == [True]
        assert "segredo" not in log
        assert "ana-maria" not in log


def test_settings_that_make_no_sense_end_the_program_with_a_sentence(tmp_path: Path) -> None:
    for role, said in (
        ("gateway", "VOICE_FLAGS_CONFIGMAP: write"),
        ("engine", "VOICE_ENGINE: there is no engine ''"),
    ):
        with program(role, tmp_path / role) as ended:
            assert ended.process.wait(SOON) == 1
        assert f"voice-server {role}: {said}" in ended.log.read_text()

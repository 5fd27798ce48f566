"""A gateway between two engines that do as they are told.

As input: nothing. As output: `stable` and `candidate`, and `gateway` in front of them.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.voice import SOON, Gateway, ScriptedEngine, a_gateway, between, reply, scripted_engine
from voice_server.gateway import forward


@pytest.fixture(autouse=True)
def _engines_take_connections_when_they_can(monkeypatch: pytest.MonkeyPatch) -> None:
    """They share the event loop with the gateway: where that stops for a second, no engine is out of reach."""
    monkeypatch.setattr(forward, "CONNECT_TIMEOUT", SOON)


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

"""A gateway between two engines that do as they are told.

As input: nothing. As output: `stable` and `candidate`, and `gateway` in front of them.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.voice import Gateway, ScriptedEngine, a_gateway, between, reply, scripted_engine


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

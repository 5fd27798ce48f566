"""A gateway between two engines that do as they are told.

As input: nothing. As output: `stable` and `candidate`, and `gateway` in front of them; `clock`, which all of them
go by where they wait.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.voice import Clock, Gateway, ScriptedEngine, a_gateway, between, reply, scripted_engine


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


@pytest.fixture
async def clock() -> Clock:
    """Never put back: each test has a loop of its own, and what waits in it would wait longer."""
    loop = asyncio.get_running_loop()
    clock = Clock(loop)
    loop.time = clock  # type: ignore[method-assign]
    return clock

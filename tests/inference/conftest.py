"""Time, where what is tested is not how much of it passes.

As output: `clock`, by which everything on the test's event loop goes that waits.
"""

import asyncio
from dataclasses import replace

import pytest

from support.voice import SOON, Clock
from voice_server.audio import upload


@pytest.fixture
async def clock() -> Clock:
    """Never put back: each test has a loop of its own, and what waits in it would wait longer."""
    loop = asyncio.get_running_loop()
    clock = Clock(loop)
    loop.time = clock  # type: ignore[method-assign]
    return clock


@pytest.fixture(autouse=True)
def _children_may_be_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may take longer to start the program that decodes uploads than uploads usually have."""
    monkeypatch.setattr(upload.read, "__defaults__", (replace(upload.USUAL, cpu=int(SOON), wall=SOON),))

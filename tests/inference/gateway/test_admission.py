import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.voice import SOON, until
from voice_server.gateway.admission import Admission, FullError


@contextlib.asynccontextmanager
async def held(admission: Admission, places: int) -> AsyncIterator[asyncio.Event]:
    """Places that are held until the event is set."""
    release = asyncio.Event()

    async def hold() -> None:
        async with admission.place():
            await release.wait()

    async with asyncio.TaskGroup() as group:
        for _ in range(places):
            group.create_task(hold())
        await until(lambda: admission.inside == places)
        try:
            yield release
        finally:
            release.set()


async def test_without_a_place_in_time_a_request_is_refused() -> None:
    admission = Admission(2, max_wait=0.02)
    async with held(admission, 2):
        with pytest.raises(FullError):
            async with admission.place():
                pass


async def test_a_place_that_comes_free_in_time_is_taken() -> None:
    admission = Admission(1, max_wait=SOON)
    async with held(admission, 1) as release:
        asyncio.get_running_loop().call_later(0.02, release.set)
        async with admission.place():
            assert admission.inside == 1


async def test_no_more_wait_than_there_are_places() -> None:
    admission = Admission(1, max_wait=SOON)
    async with held(admission, 1):
        waiting = asyncio.create_task(admission.place().__aenter__())
        await until(lambda: admission._waiting == 1)
        with pytest.raises(FullError):
            async with asyncio.timeout(1), admission.place():
                pass
        waiting.cancel()


@given(st.lists(st.sampled_from(["enter", "leave", "give up"]), max_size=30))
def test_places_are_neither_lost_nor_made(steps: list[str]) -> None:
    async def play() -> None:
        admission = Admission(2, max_wait=0.001)
        inside: list[contextlib.AbstractAsyncContextManager[None]] = []
        for step in steps:
            place = admission.place()
            if step == "enter":
                with contextlib.suppress(FullError):
                    await place.__aenter__()
                    inside.append(place)
            elif step == "leave" and inside:
                await inside.pop().__aexit__(None, None, None)
            elif step == "give up":
                impatient = asyncio.create_task(place.__aenter__())
                impatient.cancel()
                await asyncio.wait({impatient})
            assert admission.inside == len(inside) <= 2
            assert admission._waiting == 0

    asyncio.run(play())

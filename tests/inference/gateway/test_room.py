"""Answers take no more of a gateway's memory than it has."""

import asyncio
import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.voice import Gateway, ScriptedEngine, until
from voice_server.gateway.admission import FullError
from voice_server.gateway.room import MIB, Room, foreseen
from voice_server.schemas import SpeechRequest

LONGEST = "Bom dia. " * 450
"""Foreseen to take 19 MiB as a WAV file."""


async def test_what_does_not_fit_waits_until_enough_was_given_back() -> None:
    room = Room(10, max_wait=30)
    first, second = await room.hold(4), await room.hold(4)
    waiting = asyncio.create_task(room.hold(5))
    await asyncio.sleep(0)
    first()
    third = await waiting

    assert room.held == 9
    for give in (second, third):
        give()
    assert room.held == 0


async def test_nobody_overtakes_one_who_waits_for_much() -> None:
    room = Room(10, max_wait=30)
    first = await room.hold(6)
    much, little = (asyncio.create_task(room.hold(wanted)) for wanted in (5, 1))
    await asyncio.sleep(0)

    assert not little.done()
    first()
    await asyncio.gather(much, little)
    assert room.held == 6


async def test_who_waits_too_long_is_refused_and_those_behind_are_let_in() -> None:
    room = Room(10, max_wait=0.05)
    await room.hold(6)
    much = asyncio.create_task(room.hold(5))
    await asyncio.sleep(0)
    little = asyncio.create_task(room.hold(1))

    with pytest.raises(FullError):
        await much
    with contextlib.suppress(FullError):  # its own time may be over in the same moment
        await little
    assert room.held in {6, 7}


async def test_more_than_there_is_has_it_all_for_itself() -> None:
    room = Room(10, max_wait=0)
    give = await room.hold(50)

    assert room.held == 10
    give()
    give()
    assert room.held == 0


@given(st.lists(st.tuples(st.sampled_from(["hold", "give", "leave"]), st.integers(1, 12)), max_size=40))
def test_room_is_neither_lost_nor_made(steps: list[tuple[str, int]]) -> None:
    async def play() -> None:
        room = Room(10, max_wait=30)
        holding: list[Callable[[], None]] = []
        waiting: list[asyncio.Task[Callable[[], None]]] = []
        for step, number in steps:
            match step:
                case "hold":
                    waiting.append(asyncio.create_task(room.hold(number)))
                case "give" if holding:
                    holding.pop(number % len(holding))()
                case "leave" if waiting:
                    waiting[number % len(waiting)].cancel()
            if number % 2:
                await asyncio.sleep(0)
            assert 0 <= room.held <= 10
        while waiting or holding:
            await asyncio.wait(waiting, timeout=0) if waiting else None
            done = [each for each in waiting if each.done()]
            waiting = [each for each in waiting if not each.done()]
            holding += [each.result() for each in done if not each.cancelled()]
            assert holding or done or not waiting, "nobody holds anything, and still somebody waits"
            if holding:
                holding.pop()()
        assert room.held == 0

    asyncio.run(play())


@pytest.mark.parametrize(
    ("fields", "least", "most"),
    [
        ({"input": "Olá"}, 48_000, 100_000),
        ({"input": "a" * 1000}, 4_000_000, 5_000_000),
        ({"input": "a" * 1000, "speed": 0.5}, 9_000_000, 10_000_000),
        ({"input": "a" * 1000, "response_format": "opus"}, 700_000, 900_000),
        ({"input": "1" * 1000}, 30_000_000, 35_000_000),
    ],
)
def test_what_an_answer_may_come_to_follows_from_what_is_asked_for(
    fields: dict[str, object], least: int, most: int
) -> None:
    assert least < foreseen(SpeechRequest.model_validate(fields)) < most


@pytest.mark.parametrize("stream_format", [None, "audio", "sse"])
async def test_a_full_gateway_refuses_before_any_engine_is_asked_and_blames_none(
    gateway: Gateway, candidate: ScriptedEngine, stream_format: str | None
) -> None:
    candidate.hang()
    fields = {"user": "tester", "stream_format": stream_format}
    saying = [asyncio.create_task(gateway.say(LONGEST, **fields)) for _ in range(3)]
    await until(lambda: len(candidate.heard), is_=3)
    refused = await gateway.say(LONGEST, **fields)
    short = await gateway.say("Olá")
    full = await gateway.figures()
    candidate.released.set()
    heard = await asyncio.gather(*saying)
    await until(gateway_holds_nothing(gateway))
    after = await gateway.figures()

    assert (refused.status, (await refused.json())["error"]["code"]) == (429, "no-place")
    assert refused.headers["Retry-After"] == "1"
    assert [each.status for each in (short, *heard)] == [200] * 4
    assert 55 * MIB < full["voice_gateway_held_bytes"] <= 64 * MIB
    assert [value for name, value in after.items() if 'status="error"' in name and value] == []


def gateway_holds_nothing(gateway: Gateway) -> Callable[[], object]:
    async def look() -> bool:
        return (await gateway.figures())["voice_gateway_held_bytes"] == 0

    return look


async def test_a_client_that_leaves_gives_back_what_was_held_for_him(
    gateway: Gateway, candidate: ScriptedEngine
) -> None:
    candidate.hang()
    saying = asyncio.create_task(gateway.say(LONGEST, user="tester"))
    await until(lambda: len(candidate.heard), is_=1)
    saying.cancel()

    await until(gateway_holds_nothing(gateway))

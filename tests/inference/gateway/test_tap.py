"""What passes through a tap, and when."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_server.gateway.outcome import Declined, Failed, Outcome, Reply, Spoken, Why
from voice_server.gateway.tap import PIECE, Tap

REPLY = Reply(200, "audio/pcm", b"ab")
LOST = Failed(Why.LOST, "reset")


async def drained(tap: Tap) -> bytes:
    heard = bytearray()
    while piece := await tap.more():
        assert len(piece) <= PIECE
        heard += piece
    return bytes(heard)


@given(st.lists(st.sampled_from([0, 1, 3, PIECE - 1, PIECE, PIECE + 9]), max_size=8))
def test_what_comes_is_heard_whole_and_in_order_however_it_comes(lengths: list[int]) -> None:
    pieces = [bytes([number]) * length for number, length in enumerate(lengths)]

    async def play() -> bytes:
        tap, body = Tap(), bytearray()
        tap.open(REPLY, body)
        hearing = asyncio.create_task(drained(tap))
        for piece in pieces:
            body.extend(piece)
            tap.tell()
            await asyncio.sleep(0)
        tap.end()
        return await hearing

    assert asyncio.run(play()) == b"".join(pieces)


async def test_a_tap_that_ends_closed_lets_nothing_through() -> None:
    tap = Tap()
    tap.end()

    assert (await tap.opened(), await tap.more()) == (None, b"")


async def test_who_waits_for_a_tap_learns_when_it_opens() -> None:
    tap = Tap()
    waiting = asyncio.create_task(tap.opened())
    await asyncio.sleep(0)
    tap.open(REPLY, REPLY.body)

    assert await waiting is REPLY


async def test_an_answer_that_was_whole_at_once_is_heard_when_it_has_been_judged() -> None:
    tap = Tap()
    tap.settled(Spoken(REPLY))
    tap.end()

    assert (tap.reply, await drained(tap)) == (REPLY, b"ab")


@pytest.mark.parametrize("outcome", [LOST, Declined(Reply(400, "", b""))])
async def test_what_fails_before_it_has_begun_leaves_the_tap_to_the_next(outcome: Outcome) -> None:
    tap = Tap()

    assert tap.settled(outcome) is outcome
    assert tap.reply is None


async def test_what_fails_after_it_has_begun_was_heard() -> None:
    tap = Tap()
    tap.open(REPLY, REPLY.body)

    assert tap.settled(LOST) == Failed(Why.LOST, "reset", begun=True)

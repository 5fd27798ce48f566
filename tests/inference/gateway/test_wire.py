import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_server.gateway.wire import Exchange, TornError

SIZED = b"HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\nX-Engine: f5\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
UNSIZED = b"HTTP/1.0 200 OK\r\nContent-Type: audio/wav\r\n\r\nhello"


def exchanged(*pieces: bytes, most: int = 100, error: Exception | None = None) -> Exchange | TornError:
    """What comes of an answer that arrives in these pieces before the connection ends."""

    async def play() -> Exchange | TornError:
        exchange = Exchange(b"", most)
        for piece in pieces:
            exchange.data_received(piece)
        exchange.connection_lost(error)
        try:
            await exchange.answered
        except TornError as torn:
            return torn
        return exchange

    return asyncio.run(play())


@given(
    st.sampled_from([SIZED, CHUNKED, UNSIZED]),
    st.lists(st.integers(1, 90), unique=True, max_size=6).map(sorted),
)
def test_an_answer_is_the_same_however_the_network_cuts_it(answer: bytes, cuts: list[int]) -> None:
    edges = [0, *(cut for cut in cuts if cut < len(answer)), len(answer)]
    exchange = exchanged(*(answer[start:end] for start, end in pairwise(edges)))

    assert isinstance(exchange, Exchange)
    assert (exchange.status, bytes(exchange.body)) == (200, b"hello")


@given(st.sampled_from([SIZED, CHUNKED]), st.data())
def test_an_answer_that_ends_before_its_length_is_torn(answer: bytes, data: st.DataObject) -> None:
    assert isinstance(exchanged(answer[: data.draw(st.integers(0, len(answer) - 1))]), TornError)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_into_the_event_loop(noise: bytes) -> None:
    exchanged(noise)
    exchanged(SIZED[:60], noise)


def test_headers_are_found_however_they_are_written() -> None:
    exchange = exchanged(SIZED.replace(b"X-Engine", b"x-ENGINE"))

    assert isinstance(exchange, Exchange)
    assert [exchange.header(b"x-engine"), exchange.header(b"retry-after")] == ["f5", ""]


def test_an_unsized_answer_is_torn_when_its_connection_breaks() -> None:
    assert isinstance(exchanged(UNSIZED, error=ConnectionResetError("reset")), TornError)


def test_each_arrival_is_told_with_all_that_has_come() -> None:
    async def play() -> list[bytes]:
        exchange, told = Exchange(b"", 100), []
        exchange.on_more = lambda: told.append(bytes(exchange.body))
        for piece in (CHUNKED[:50], CHUNKED[50:]):
            exchange.data_received(piece)
        return told

    assert asyncio.run(play()) == [b"", b"hello"]


def test_an_exchange_that_was_given_up_stays_so() -> None:
    async def play() -> None:
        exchange = Exchange(b"", 100)
        exchange.fail(ValueError("not this"))
        exchange.data_received(SIZED)
        with pytest.raises(ValueError, match="not this"):
            await exchange.answered

    asyncio.run(play())


def test_an_answer_beyond_all_bounds_counts_as_whole_where_the_bound_is() -> None:
    exchange = exchanged(UNSIZED, b"x" * 1000, most=100)

    assert isinstance(exchange, Exchange)
    assert len(exchange.body) > 100


@pytest.mark.parametrize("answer", [b"HTTP/2 200\r\n\r\n", b"SSH-2.0-x\r\n", b"HTTP/1.1 abc\r\n\r\n"])
def test_what_is_not_http_is_torn(answer: bytes) -> None:
    torn = exchanged(answer)

    assert isinstance(torn, TornError)
    assert "not HTTP" in str(torn)

"""How streams end before their end: engines that break off, and what that counts as."""

import json
from collections.abc import Callable

import aiohttp
import pytest

from support.figures import counted, figure
from support.voice import ENGINE_TIMEOUT, SPEECH, UNSIZED, Clock, Gateway, ScriptedEngine, reply, until
from voice_server.gateway import forward, outcome
from voice_server.gateway.breaker import FAILURES

FIRST = UNSIZED[:1000]
NEARLY = 0.8 * ENGINE_TIMEOUT
"""Seconds that leave a busy machine enough of an engine's time."""


async def heard_of(
    response: aiohttp.ClientResponse, then: Callable[[], None] = lambda: None
) -> tuple[bytes, bool]:
    """What came of a streamed answer that begins with FIRST, and whether it came to its end."""
    sound = await response.content.readexactly(len(FIRST))
    then()
    try:
        while piece := await response.content.readany():
            sound += piece
    except aiohttp.ClientPayloadError:
        return sound, False
    return sound, True


def hangs_up(engine: ScriptedEngine) -> None:
    engine.stream(FIRST, UNSIZED[1000:])
    engine.rest.pop()


def breaks_its_chunks(engine: ScriptedEngine) -> None:
    engine.stream(FIRST)
    engine.rest = [b"ZZ\r\n"]


def cuts_its_file_short(engine: ScriptedEngine) -> None:
    engine.stream(SPEECH[:1000], SPEECH[1000:-10])


def sends_without_end(engine: ScriptedEngine) -> None:
    engine.stream(FIRST, *[bytes(10_000)] * 20)


BREAKING_OFF = {
    hangs_up: "connection-lost",
    breaks_its_chunks: "connection-lost",
    cuts_its_file_short: "broken-audio",
    sends_without_end: "broken-audio",
}


@pytest.fixture
def _bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forward, "MAX_AUDIO", 100_000)
    monkeypatch.setattr(outcome, "MAX_AUDIO", 100_000)


@pytest.mark.usefixtures("_bounded")
@pytest.mark.parametrize(("breaks_off", "why"), BREAKING_OFF.items())
async def test_a_candidate_that_breaks_off_is_not_replaced_but_blamed(
    gateway: Gateway, stable: ScriptedEngine, candidate: ScriptedEngine,
    breaks_off: Callable[[ScriptedEngine], None], why: str, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level("INFO")
    breaks_off(candidate)
    async with gateway.listening(user="tester", stream_format="audio") as response:
        _, is_whole = await heard_of(response, candidate.finish)
    figures = await gateway.figures()

    assert (response.status, is_whole, "X-Fallback" in response.headers) == (200, False, False)
    assert stable.heard == []
    assert [counted(figures, "candidate", status) for status in ("ok", "error")] == [0, 1]
    assert figure(figures, "tts_fallback_total") == 0
    (line,) = [vars(record) for record in caplog.records if record.msg == "speech"]
    assert (line["status"], line["failure"], line["refused"]) == (200, why, why)


async def test_all_that_was_made_up_is_heard(gateway: Gateway, candidate: ScriptedEngine) -> None:
    hangs_up(candidate)
    async with gateway.listening(user="tester", stream_format="audio") as response:
        assert await heard_of(response, candidate.finish) == (UNSIZED, False)


async def test_an_event_tells_that_the_speech_broke_off(gateway: Gateway, candidate: ScriptedEngine) -> None:
    hangs_up(candidate)
    candidate.finish()
    response = await gateway.say(user="tester", stream_format="sse")
    *deltas, last = [json.loads(line[6:]) for line in (await response.read()).split(b"\n\n") if line]

    assert {each["type"] for each in deltas} == {"speech.audio.delta"}
    assert set(last) == {"error"}
    assert (last["error"]["code"], last["error"]["type"]) == ("connection-lost", "server_error")
    assert "to its end" in last["error"]["message"]


async def test_breaking_off_opens_the_breaker(gateway: Gateway, candidate: ScriptedEngine) -> None:
    for _ in range(FAILURES):
        hangs_up(candidate)
        candidate.finish()
        async with gateway.listening(user="tester", stream_format="audio") as response:
            await heard_of(response)
    response = await gateway.say(user="tester", stream_format="audio")

    assert (response.headers["X-Fallback"], await response.read()) == ("breaker-open", SPEECH)


async def test_when_stable_breaks_off_in_the_candidates_place_the_candidate_has_failed_once(
    gateway: Gateway, stable: ScriptedEngine, candidate: ScriptedEngine
) -> None:
    candidate.answer = reply(500)
    hangs_up(stable)
    async with gateway.listening(user="tester", stream_format="audio") as response:
        _, is_whole = await heard_of(response, stable.finish)
    figures = await gateway.figures()

    assert (is_whole, response.headers["X-Fallback"]) == (False, "error-status")
    assert counted(figures, "candidate", "error") == figure(figures, "tts_fallback_total") == 1
    assert counted(figures, "stable", "error") == 0


async def test_stable_that_breaks_off_is_blamed_before_its_own_users(
    gateway: Gateway, stable: ScriptedEngine
) -> None:
    hangs_up(stable)
    async with gateway.listening(stream_format="audio") as response:
        _, is_whole = await heard_of(response, stable.finish)

    assert (is_whole, len(stable.heard)) == (False, 1)
    assert counted(await gateway.figures(), "stable", "error") == 1


async def test_an_engine_has_its_time_for_each_next_byte(
    gateway: Gateway, candidate: ScriptedEngine, clock: Clock
) -> None:
    pieces = [UNSIZED[at : at + 250] for at in range(1000, len(UNSIZED), 250)]
    candidate.stream(FIRST, *pieces)
    async with gateway.listening(user="tester", stream_format="audio") as response:
        sound = await response.content.readexactly(len(FIRST))
        for piece in pieces:
            clock.put_forward(NEARLY)
            candidate.go_on()
            sound += await response.content.readexactly(len(piece))
        candidate.go_on()
        sound += await response.read()

    assert sound == UNSIZED
    assert counted(await gateway.figures(), "candidate", "ok") == 1


async def test_an_engine_that_falls_silent_is_left(
    gateway: Gateway, candidate: ScriptedEngine, clock: Clock
) -> None:
    candidate.stream(FIRST, UNSIZED[1000:])
    async with gateway.listening(user="tester", stream_format="audio") as response:
        sound, is_whole = await heard_of(response, lambda: clock.put_forward(ENGINE_TIMEOUT))
    await until(candidate.left.is_set)

    assert (sound, is_whole) == (FIRST, False)
    assert counted(await gateway.figures(), "candidate", "error") == 1


async def test_a_stream_that_trickles_ends_after_all(
    gateway: Gateway, candidate: ScriptedEngine, clock: Clock
) -> None:
    candidate.stream(FIRST, *[b"\1\2"] * 2 * forward.STREAM_TIMES)
    drops = 0

    async def drop_by_drop(response: aiohttp.ClientResponse) -> None:
        nonlocal drops
        while not response.content.at_eof():
            clock.put_forward(NEARLY)
            candidate.go_on()
            await response.content.readexactly(2)
            drops += 1

    async with gateway.listening(user="tester", stream_format="audio") as response:
        await response.content.readexactly(len(FIRST))
        with pytest.raises(aiohttp.ClientPayloadError):
            await drop_by_drop(response)
    await until(candidate.left.is_set)

    assert forward.STREAM_TIMES < drops < 2 * forward.STREAM_TIMES
    assert counted(await gateway.figures(), "candidate", "error") == 1

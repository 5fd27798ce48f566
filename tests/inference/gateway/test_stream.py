"""Speech that is heard while it is being made up: by whom, from when on, and what of it."""

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from support.figures import counted, figure
from support.voice import (
    ENGINE_TIMEOUT,
    SPEECH,
    UNSIZED,
    Clock,
    Gateway,
    ScriptedEngine,
    a_gateway,
    between,
    nowhere,
    reply,
    until,
)

HEADER, FIRST = UNSIZED[:44], UNSIZED[:1000]
FORMATS = ("audio", "sse")


def events(body: bytes) -> list[dict[str, Any]]:
    return [json.loads(line.removeprefix(b"data: ")) for line in body.split(b"\n\n") if line]


def heard(body: bytes, stream_format: str) -> bytes:
    """The sound in a whole streamed answer."""
    if stream_format == "audio":
        return body
    *deltas, done = events(body)
    assert {each["type"] for each in deltas} == {"speech.audio.delta"}
    assert done["type"] == "speech.audio.done"
    return b"".join(base64.b64decode(each["audio"]) for each in deltas)


async def test_the_first_sound_is_heard_before_the_engine_has_made_up_the_rest(
    gateway: Gateway, candidate: ScriptedEngine
) -> None:
    candidate.stream(FIRST, UNSIZED[1000:1500], UNSIZED[1500:])
    async with gateway.listening(user="tester", stream_format="audio") as response:
        parts = [await response.content.readexactly(1000)]
        candidate.go_on()
        parts.append(await response.content.readexactly(500))
        candidate.finish()
        parts.append(await response.read())

    assert b"".join(parts) == UNSIZED
    assert response.status == 200
    assert "Content-Length" not in response.headers


async def test_an_event_comes_with_the_sound_that_it_carries(
    gateway: Gateway, candidate: ScriptedEngine
) -> None:
    candidate.stream(FIRST, UNSIZED[1000:])
    async with gateway.listening("Bom dia", user="tester", stream_format="sse") as response:
        first = await response.content.readuntil(b"\n\n")
        candidate.finish()
        rest = await response.read()

    assert events(first) == [{"type": "speech.audio.delta", "audio": base64.b64encode(FIRST).decode()}]
    assert heard(first + rest, "sse") == UNSIZED
    assert events(rest)[-1]["usage"] == {"input_tokens": 7, "output_tokens": 0, "total_tokens": 7}
    assert response.content_type == "text/event-stream"


@pytest.mark.parametrize("stream_format", FORMATS)
async def test_an_answer_names_what_happened_as_a_whole_one_does(
    gateway: Gateway, candidate: ScriptedEngine, stream_format: str
) -> None:
    candidate.stream(b"\1\2", media="audio/pcm;rate=22050", X_Engine="f5", X_Quality_Tier="12")
    candidate.go_on(2)
    whole = await gateway.say(user="tester", headers={"X-Request-Id": "r-1"})
    streamed = await gateway.say(user="tester", headers={"X-Request-Id": "r-1"}, stream_format=stream_format)

    assert told(streamed) == told(whole) | {"x-accel-buffering": "no"}
    assert told(whole)["x-quality-tier"] == "12"
    if stream_format == "audio":
        assert streamed.headers["Content-Type"] == "audio/pcm;rate=22050"


def told(response: aiohttp.ClientResponse) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name.startswith("x-")}


@pytest.mark.parametrize("stream_format", FORMATS)
async def test_an_engine_is_asked_for_bare_bytes_whatever_the_client_wants(
    gateway: Gateway, candidate: ScriptedEngine, stream_format: str
) -> None:
    await gateway.say(user="tester", stream_format=stream_format)

    assert json.loads(candidate.heard[0])["stream_format"] == "audio"


@pytest.mark.parametrize("stream_format", FORMATS)
async def test_an_engine_that_answers_whole_is_passed_on(
    gateway: Gateway, candidate: ScriptedEngine, stream_format: str
) -> None:
    response = await gateway.say(user="tester", stream_format=stream_format)

    assert heard(await response.read(), stream_format) == SPEECH
    assert "X-Fallback" not in response.headers


@pytest.mark.parametrize("stream_format", FORMATS)
async def test_no_byte_is_lost_doubled_or_moved_however_many_pieces_there_are(
    gateway: Gateway, candidate: ScriptedEngine, stream_format: str
) -> None:
    sound = UNSIZED + bytes(range(256)) * 2000
    candidate.stream(*(sound[at : at + 7777] for at in range(0, len(sound), 7777)))
    candidate.finish()
    response = await gateway.say(user="tester", stream_format=stream_format)

    assert heard(await response.read(), stream_format) == sound


@pytest.mark.parametrize("stream_format", FORMATS)
async def test_a_client_that_knows_no_chunks_gets_all_at_once(
    gateway: Gateway, candidate: ScriptedEngine, stream_format: str
) -> None:
    candidate.stream(FIRST, UNSIZED[1000:])
    candidate.finish()
    body = json.dumps({"input": "a", "user": "tester", "stream_format": stream_format}).encode()
    head, answer = await by_http_1_0(gateway, body)

    assert heard(answer, stream_format) == UNSIZED
    assert f"content-length: {len(answer)}" in head
    assert "transfer-encoding" not in head


async def test_a_client_that_knows_no_chunks_is_told_when_the_speech_broke_off(
    gateway: Gateway, candidate: ScriptedEngine
) -> None:
    candidate.stream(FIRST)
    candidate.rest.clear()
    head, answer = await by_http_1_0(gateway, b'{"input":"a","user":"tester","stream_format":"audio"}')

    assert head.startswith("HTTP/1.1 502")
    assert json.loads(answer)["error"]["code"] == "connection-lost"


async def by_http_1_0(gateway: Gateway, body: bytes) -> tuple[str, bytes]:
    host, port = gateway.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"POST /v1/audio/speech HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    head, _, answer = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    return head.decode().lower().replace("http/", "HTTP/"), answer


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (None, "connection-lost"),
        (reply(500, b"{}", "application/json"), "error-status"),
        (reply(503, b"{}", "application/json"), "overloaded"),
        (reply(400, b"{}", "application/json"), "error-status"),
        (reply(200, b"<html>it crashed</html>", "text/html"), "broken-audio"),
        (reply(200, b'{"error": "out of memory"}'), "broken-audio"),
        (reply(200, HEADER), "broken-audio"),
        (reply(200, SPEECH[:-10]), "broken-audio"),
        (reply(200, UNSIZED)[: -len(UNSIZED) + 45], "connection-lost"),
    ],
)
async def test_a_candidate_that_fails_before_its_first_sound_costs_its_users_nothing(
    gateway: Gateway, stable: ScriptedEngine, candidate: ScriptedEngine, answer: bytes | None, why: str
) -> None:
    candidate.answer = answer
    stable.stream(FIRST, UNSIZED[1000:], X_Engine="xtts")
    async with gateway.listening(user="tester", stream_format="audio") as response:
        first = await response.content.readexactly(1000)
        stable.finish()
        rest = await response.read()
    figures = await gateway.figures()

    assert (response.status, first + rest) == (200, UNSIZED)
    said = [response.headers[name] for name in ("X-Variant", "X-Fallback", "X-Engine")]
    assert said == ["candidate", why, "xtts"]
    assert [counted(figures, "candidate", status) for status in ("ok", "error")] == [0, 1]
    assert [counted(figures, "stable", status) for status in ("ok", "error")] == [0, 0]
    assert figure(figures, "tts_fallback_total") == 1


@pytest.mark.parametrize("first", [HEADER, b"RI", b"{"])
async def test_what_is_no_sound_yet_is_not_let_through(
    gateway: Gateway, candidate: ScriptedEngine, clock: Clock, first: bytes
) -> None:
    candidate.stream(first, UNSIZED)
    asking = asyncio.create_task(gateway.say(user="tester", stream_format="audio"))
    await until(lambda: candidate.said, is_=1)
    clock.put_forward(ENGINE_TIMEOUT)
    response = await asking
    await until(candidate.left.is_set)

    assert (response.headers["X-Fallback"], await response.read()) == ("timeout", SPEECH)


async def test_what_can_never_become_sound_is_not_waited_for(
    gateway: Gateway, candidate: ScriptedEngine
) -> None:
    candidate.stream(b'{"error": "out of memory"}', b"and more to come")
    response = await gateway.say(user="tester", stream_format="audio")

    assert (response.headers["X-Fallback"], await response.read()) == ("broken-audio", SPEECH)


@pytest.mark.parametrize("stream_format", FORMATS)
async def test_who_hears_nothing_is_refused_as_ever(
    gateway: Gateway, stable: ScriptedEngine, candidate: ScriptedEngine, stream_format: str
) -> None:
    candidate.answer = None
    stable.answer = reply(503, Retry_After="9")
    response = await gateway.say(user="tester", stream_format=stream_format)

    assert (response.status, response.content_type) == (503, "application/json")
    assert (await response.json())["error"]["code"] == "overloaded"
    assert (response.headers["Retry-After"], response.headers["X-Fallback"]) == ("9", "connection-lost")


async def test_what_both_engines_decline_is_passed_on(
    gateway: Gateway, stable: ScriptedEngine, candidate: ScriptedEngine
) -> None:
    refusal = b'{"error":{"message":"voice: there is no voice x"}}'
    stable.answer = candidate.answer = reply(400, refusal, "application/json")
    response = await gateway.say(user="tester", stream_format="sse")

    assert (response.status, await response.read()) == (400, refusal)


async def test_a_candidate_nobody_runs_costs_its_listeners_nothing(
    tmp_path: Path, stable: ScriptedEngine
) -> None:
    async with a_gateway(tmp_path, between(stable, nowhere())) as gateway:
        response = await gateway.say(user="tester", stream_format="audio")

    assert (response.status, response.headers["X-Fallback"]) == (200, "unreachable")

"""What clients send is bounded, and refused in one shape."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from support.voice import Gateway, ScriptedEngine, until
from voice_server import http
from voice_server.schemas import MAX_BODY


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        (b"", {}, 400),
        (b"not json", {}, 400),
        (b"[" * MAX_BODY, {}, 400),
        (b'{"input": "a", "input": 5}', {}, 400),
        (b'{"input": "\\ud800"}', {}, 400),
        (b'{"input": "a", "speed": NaN}', {}, 400),
        (b'{"input": "a", "speed": 1e999}', {}, 400),
        (b"x" * (MAX_BODY + 1), {}, 413),
        (b"{}", {"Content-Encoding": "gzip"}, 415),
        (b'{"input": "a"}', {"X-User-Id": "u" * 300}, 400),
        (b'{"input": "a", "model": "../../etc"}', {}, 400),
        (b'{"input": "a", "model": "nobody"}', {}, 404),
    ],
)
async def test_a_hostile_body_gets_a_4xx_in_one_shape_and_reaches_no_engine(
    gateway: Gateway, stable: ScriptedEngine, candidate: ScriptedEngine, body: bytes, headers: dict[str, str],
    expected: int,
) -> None:  # fmt: skip
    url = f"{gateway.url}/v1/audio/speech"
    async with gateway.client.post(url, data=body, headers=headers) as response:
        error = (await response.json())["error"]

    assert response.status == expected
    assert set(error) == {"message", "type", "param", "code"}
    assert "X-Request-Id" in response.headers
    assert stable.heard + candidate.heard == []


async def test_a_body_without_end_is_refused_as_soon_as_it_is_too_long(gateway: Gateway) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100 * MAX_BODY:
            sent += 4096
            yield b"x" * 4096
            await asyncio.sleep(0)

    try:
        async with gateway.client.post(f"{gateway.url}/v1/audio/speech", data=endless()) as response:
            assert response.status == 413
    except aiohttp.ClientOSError:
        pass  # the gateway hung up while we were still sending
    assert sent < 100 * MAX_BODY


async def test_a_client_that_leaves_before_its_body_is_whole_is_nobodys_failure(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    host, port = gateway.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /v1/audio/speech HTTP/1.1\r\nContent-Length: 100\r\n\r\n{")
    await writer.drain()
    writer.close()
    await until(
        lambda: [vars(record).get("status") for record in caplog.records if record.msg == "speech"], is_=[499]
    )

    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_body_that_never_comes_is_given_up(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "BODY_DEADLINE", 0.1)
    host, port = gateway.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /v1/audio/speech HTTP/1.1\r\nContent-Length: 100\r\n\r\n{")
    answer = await reader.readline()
    writer.close()

    assert answer == b"HTTP/1.1 408 Request Timeout\r\n"


async def test_a_head_without_end_is_refused_as_soon_as_it_is_too_long(gateway: Gateway) -> None:
    host, port = gateway.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /v1/audio/speech HTTP/1.1\r\n")
    writer.writelines(f"X-{number}: {'x' * 1000}\r\n".encode() for number in range(33))
    answer = await reader.read()
    writer.close()

    assert answer.startswith(b"HTTP/1.1 431")


async def test_many_requests_on_one_connection_may_together_be_longer_than_one_head(gateway: Gateway) -> None:
    statuses = {(await gateway.say(headers={"X-Long": "x" * 20_000})).status for _ in range(4)}

    assert statuses == {200}


async def test_unknown_paths_are_refused_in_the_same_shape(gateway: Gateway) -> None:
    for method, path, expected in (("GET", "/nope", 404), ("GET", "/v1/audio/speech", 405)):
        async with gateway.client.request(method, f"{gateway.url}{path}") as response:
            assert (response.status, set(await response.json())) == (expected, {"error"})

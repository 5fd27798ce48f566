import asyncio
import time

import pytest

from support.voice import ENGINE_TIMEOUT, SPEECH, nowhere, reply, scripted_engine
from voice_server.gateway import forward
from voice_server.gateway.forward import Forwarder, target
from voice_server.gateway.outcome import Failed, Reply, Spoken, Why


def a_forwarder(seconds: float = ENGINE_TIMEOUT) -> Forwarder:
    return Forwarder(seconds, time.monotonic)


async def why(url: str, seconds: float = ENGINE_TIMEOUT) -> Why:
    outcome = await a_forwarder(seconds).send(url, b"{}", "r-1")
    assert isinstance(outcome, Failed)
    return outcome.why


async def test_speech_comes_with_what_the_engine_says_of_itself() -> None:
    async with scripted_engine(reply(X_Engine="f5", X_Quality_Tier="12", Retry_After="7")) as engine:
        outcome = await a_forwarder().send(engine.url, b'{"a":1}', "r-1")

    assert outcome == Spoken(Reply(200, "audio/wav", SPEECH, "f5", "12", 7))
    assert engine.heard == [b'{"a":1}']


@pytest.mark.parametrize(
    ("url", "host", "port", "first_lines"),
    [
        ("http://a.b.svc:8000", "a.b.svc", 8000, b"POST /v1/audio/speech HTTP/1.1\r\nHost: a.b.svc:8000\r\n"),
        ("http://a.b.svc/x y/", "a.b.svc", 80, b"POST /x%20y/v1/audio/speech HTTP/1.1\r\nHost: a.b.svc\r\n"),
        ("https://[::1]:8443", "::1", 8443, b"POST /v1/audio/speech HTTP/1.1\r\nHost: [::1]:8443\r\n"),
        (
            "https://a\u00e7.svc",
            "a\u00e7.svc",
            443,
            b"POST /v1/audio/speech HTTP/1.1\r\nHost: a%C3%A7.svc\r\n",
        ),
    ],
)
def test_an_address_is_taken_apart(url: str, host: str, port: int, first_lines: bytes) -> None:
    engine = target(url)

    assert (engine.host, engine.port, engine.tls) == (host, port, url.startswith("https"))
    assert engine.head.startswith(first_lines)


async def test_an_address_without_a_listener_is_unreachable() -> None:
    assert await why(nowhere()) is Why.UNREACHABLE


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 80 + ".svc", "\u00e7" * 70 + ".svc"])
async def test_a_name_that_does_not_resolve_is_unreachable(host: str) -> None:
    assert await why(f"http://{host}:8000") is Why.UNREACHABLE


async def test_an_engine_that_never_answers_runs_out_of_time_and_is_left() -> None:
    async with scripted_engine() as engine:
        engine.hang()
        reason = await why(engine.url, 0.2)
        await engine.left.wait()

    assert reason is Why.TIMEOUT


async def test_plain_http_where_tls_is_promised_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forward, "CONNECT_TIMEOUT", 0.1)
    async with scripted_engine() as engine:
        assert await why(engine.url.replace("http:", "https:")) is Why.UNREACHABLE


async def test_work_that_is_called_off_leaves_its_engine() -> None:
    async with scripted_engine() as engine:
        engine.hang()
        sending = asyncio.create_task(a_forwarder().send(engine.url, b"{}", "r-1"))
        while not engine.heard:
            await asyncio.sleep(0.01)
        sending.cancel()
        await engine.left.wait()


async def test_a_name_is_looked_up_anew_once_its_address_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def resolve(_: object, host: str, port: int, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(None, None, None, "", ("127.0.0.1" if len(asked) > 1 else "127.0.0.2", port))]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", resolve)
    async with scripted_engine() as engine:
        forwarder, url = a_forwarder(), engine.url.replace("127.0.0.1", "engine.svc")
        outcomes = [await forwarder.send(url, b"{}", "r") for _ in range(3)]

    assert [type(outcome) for outcome in outcomes] == [Failed, Spoken, Spoken]
    assert asked == ["engine.svc"] * 2

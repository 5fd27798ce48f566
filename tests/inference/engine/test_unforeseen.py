"""Faults that nobody foresaw are answered, counted and logged as every other."""

import json

import pytest

from support.engine_pod import WHOSE, Client, an_engine
from support.engines import ToneEngine
from support.voice import until
from voice_server.audio.encoding import Encoder


def raise_(*_: object) -> None:
    raise RuntimeError("libsndfile: internal")


@pytest.mark.parametrize(
    ("method", "stream_format"), [("encode", None), ("begin", "audio"), ("begin", "sse")]
)
async def test_a_fault_outside_the_engine_is_told_in_one_shape_and_counted(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, method: str, stream_format: str | None
) -> None:
    caplog.set_level("INFO")
    async with an_engine(ToneEngine(cost=(1e-4,))) as client:
        await until(lambda: client.status("/readiness"), is_=200)
        monkeypatch.setattr(Encoder, method, raise_)
        response, body = await client.say(stream_format=stream_format)
        await until(lambda: client.outcome("error"), is_=1)
        unknown = await unknown_errors(client)

    assert (response.status, json.loads(body)["error"]["code"]) == (500, "engine_surprised")
    assert (bool(response.headers["X-Request-Id"]), unknown) == (True, 1)
    assert b"libsndfile" not in body
    assert "libsndfile: internal" in caplog.text
    (line,) = [vars(record) for record in caplog.records if record.msg == "speech"]
    assert (line["outcome"], line["error"]) == ("error", "UNKNOWN")


async def unknown_errors(client: Client) -> float:
    return await client.figure("tts_engine_errors_total", f'kind="UNKNOWN",{WHOSE}')

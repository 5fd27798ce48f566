"""What is counted of streams, and what their lines in the log tell."""

from typing import Any

import pytest

from support.figures import counted, figure
from support.voice import UNSIZED, Gateway, ScriptedEngine, reply
from voice_server.gateway.breaker import FAILURES

FIRST = UNSIZED[:1000]


async def test_streams_are_counted_as_whole_answers_are(gateway: Gateway, candidate: ScriptedEngine) -> None:
    candidate.stream(FIRST, UNSIZED[1000:])
    async with gateway.listening(user="tester", stream_format="audio") as response:
        await response.content.readexactly(1000)
        under_way = await gateway.figures()
        candidate.finish()
        await response.read()
    figures = await gateway.figures()

    assert [counted(each, "candidate", "ok") for each in (under_way, figures)] == [0, 1]
    for name in ("tts_first_audio_seconds_count", "tts_synthesis_duration_seconds_count"):
        assert figure(figures, name) == 1
    assert figure(under_way, "tts_first_audio_seconds_count") == 1
    assert figure(figures, "tts_first_audio_seconds_sum") <= figure(
        figures, "tts_synthesis_duration_seconds_sum"
    )


async def test_only_streams_have_a_first_sound(gateway: Gateway) -> None:
    await gateway.say(user="tester")
    figures = await gateway.figures()

    assert [figure(figures, "tts_first_audio_seconds_count", side) for side in ("stable", "candidate")] == [
        0,
        0,
    ]


async def test_stables_speed_does_not_flatter_a_candidate_that_was_not_asked(
    gateway: Gateway, candidate: ScriptedEngine
) -> None:
    candidate.answer = reply(500)
    for _ in range(FAILURES + 3):
        response = await gateway.say(user="tester", stream_format="audio")
    figures = await gateway.figures()

    assert response.headers["X-Fallback"] == "breaker-open"
    assert figure(figures, "tts_first_audio_seconds_count") == FAILURES


async def test_the_line_in_the_log_tells_of_the_first_sound_and_of_the_last(
    gateway: Gateway, candidate: ScriptedEngine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    candidate.stream(FIRST, UNSIZED[1000:])
    async with gateway.listening(user="tester", stream_format="audio") as response:
        await response.content.readexactly(1000)
        early = lines(caplog)
        candidate.finish()
        await response.read()
    (line,) = lines(caplog)

    assert early == []
    assert (line["status"], line["variant"], line["engine"]) == (200, "candidate", "f5-tts")
    assert 0 < line["first_audio_ms"] <= line["duration_ms"]


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [vars(record) for record in caplog.records if record.msg == "speech"]

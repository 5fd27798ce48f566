"""Speech that leaves the engine over HTTP while it is being made up."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import aiohttp
import pytest

from support.engine_pod import Client, an_engine
from support.engines import ToneEngine, sound_of
from support.voice import until
from voice_server.audio import wav
from voice_server.audio.pcm import Audio
from voice_server.engine.script import whole
from voice_server.engines.base import DeviceLostError

TWO = "Ana tem 2 gatos. Bia tem 3 casas."
SOUND_OF_TWO = whole([sound_of("Ana tem dois gatos."), sound_of("Bia tem três casas.")])


class WordEngine(ToneEngine):
    longest_text = 20


@asynccontextmanager
async def ready(engine: ToneEngine) -> AsyncIterator[Client]:
    async with an_engine(engine) as client:
        await until(lambda: client.status("/readiness"), is_=200)
        yield client


def ask(
    client: Client, text: str, stream_format: str = "audio", response_format: str = "pcm"
) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
    fields = {"input": text, "stream_format": stream_format, "response_format": response_format}
    return client.session.post(f"{client.url}/v1/audio/speech", json=fields)


async def test_a_stream_is_the_file_that_would_have_come_at_once() -> None:
    async with ready(WordEngine(cost=(1e-4,))) as client:
        async with ask(client, TWO) as response:
            streamed = await response.read()
        _, at_once = await client.say(TWO, response_format="pcm")

    assert response.headers["Transfer-Encoding"] == "chunked"
    assert (response.content_type, response.headers["X-Engine"]) == ("audio/pcm", "tone")
    assert response.headers["X-Quality-Tier"] == "t0"
    assert streamed == at_once == SOUND_OF_TWO.samples


async def test_the_first_sound_is_there_before_the_second_piece_is_spoken() -> None:
    engine = WordEngine(cost=(1e-4,))
    async with ready(engine) as client:
        engine.hold("Bia tem três casas.")
        async with ask(client, TWO, response_format="wav") as response:
            first = await response.content.readany()
            engine.release("Bia tem três casas.")
            rest = await response.read()

    assert first.startswith(b"RIFF")
    assert wav.decode(first + rest) == SOUND_OF_TWO


async def test_an_engine_that_can_be_heard_early_is_heard_before_a_piece_has_ended() -> None:
    engine = ToneEngine(cost=(1e-4,), in_bits=True)
    async with ready(engine) as client:
        engine.halts_when_heard = True
        async with ask(client, "texto") as response:
            first = await response.content.readany()
            is_speaking = engine.busy
            engine.halts_when_heard = False
            engine.allowed.set()
            rest = await response.read()

    assert is_speaking
    assert first
    assert Audio(first + rest, 8000) == sound_of("texto")


async def test_events_carry_the_same_bytes_and_say_that_it_is_the_end() -> None:
    async with ready(WordEngine(cost=(1e-4,))) as client, ask(client, TWO, "sse") as response:
        events = [
            json.loads(line.removeprefix("data: ")) for line in (await response.text()).split("\n\n")[:-1]
        ]

    *deltas, done = events
    assert response.content_type == "text/event-stream"
    assert {event["type"] for event in deltas} == {"speech.audio.delta"}
    assert b"".join(base64.b64decode(event["audio"]) for event in deltas) == SOUND_OF_TWO.samples
    assert done == {
        "type": "speech.audio.done",
        "usage": {"input_tokens": len(TWO), "output_tokens": 0, "total_tokens": len(TWO)},
    }


@pytest.mark.parametrize("stream_format", ["audio", "sse"])
@pytest.mark.parametrize(("text", "status"), [("mute", 422), ("fail", 500)])
async def test_what_fails_before_its_first_sound_is_refused_as_ever(
    text: str, status: int, stream_format: str
) -> None:
    async with ready(ToneEngine(cost=(1e-4,))) as client, ask(client, text, stream_format) as response:
        assert response.status == status
        assert "error" in await response.json()


async def test_a_stream_that_breaks_ends_without_its_end() -> None:
    engine = WordEngine(cost=(1e-4,), answers={"Bia tem três casas.": lambda: DeviceLostError("gone")})
    async with ready(engine) as client:
        async with ask(client, TWO) as response:
            with pytest.raises(aiohttp.ClientPayloadError):
                await response.read()

        assert response.status == 200
        assert await client.outcome("refused") == 1
        assert await client.outcome("ok") == 0


async def test_events_that_break_end_with_the_reason() -> None:
    engine = WordEngine(cost=(1e-4,))
    async with (
        ready(engine) as client,
        ask(client, "Ana tem 2 gatos. fail que nunca se ouve.", "sse") as response,
    ):
        last = (await response.text()).split("\n\n")[-2]

        assert json.loads(last.removeprefix("data: "))["error"]["code"] == "engine_failed"
        assert await client.outcome("error") == 1


async def test_whoever_stops_listening_stops_the_work() -> None:
    engine = WordEngine(cost=(1e-4,))
    async with ready(engine) as client:
        engine.hold("Bia tem três casas.")
        async with ask(client, TWO) as response:
            await response.content.readany()
            await until(lambda: engine.batches[-1], is_=["Bia tem três casas."])
        await until(lambda: client.outcome("abandoned"), is_=1)
        engine.release("Bia tem três casas.")
        await until(lambda: engine.busy, is_=0)

        assert engine.left == ["Bia tem três casas."]
        assert (await client.say("mais"))[0].status == 200


async def test_how_long_a_listener_waited_for_the_first_sound_is_counted_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    async with ready(WordEngine(cost=(1e-4,))) as client:
        async with ask(client, TWO) as response:
            await response.read()
        await client.say(TWO)
        await until(lambda: client.outcome("ok"), is_=2)

        assert await client.figure("tts_engine_first_audio_seconds_count") == 1
    lines = [vars(record) for record in caplog.records if "tier" in vars(record)]
    assert 0 < lines[0]["first_audio_ms"] <= lines[0]["duration_ms"]
    assert lines[0]["pieces"] == 2
    assert "first_audio_ms" not in lines[1]


@pytest.mark.parametrize("response_format", ["wav", "mp3", "opus", "flac"])
async def test_the_real_espeak_streams_in_every_format(response_format: str) -> None:
    async with an_engine() as client:
        await until(lambda: client.status("/readiness"), is_=200)
        async with ask(client, "Bom dia, Brasil.", response_format=response_format) as response:
            body = await response.read()

    assert response.status == 200
    assert len(body) > 2000

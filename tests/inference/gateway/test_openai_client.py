"""What OpenAI's own Python client makes of our answers."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest
from openai import APIError, AsyncOpenAI, AsyncStream, InternalServerError, NotFoundError

from support.voice import SOON, SPEECH, UNSIZED, Gateway, ScriptedEngine, reply

TEXT = "Bom dia"


@pytest.fixture
async def client(gateway: Gateway) -> AsyncIterator[AsyncOpenAI]:
    url = f"{gateway.url}/v1"
    async with AsyncOpenAI(base_url=url, api_key="none", max_retries=0, timeout=SOON) as known:
        yield known


async def events(client: AsyncOpenAI) -> AsyncStream[dict[str, Any]]:
    """As the client reads events of an endpoint that it has no class for."""
    body = {"model": "f5-tts", "input": TEXT, "voice": "default", "user": "tester", "stream_format": "sse"}
    return await client.post(
        "/audio/speech",
        body=body,
        cast_to=dict[str, Any],
        stream=True,
        stream_cls=AsyncStream[dict[str, Any]],
    )


async def test_it_takes_a_whole_file(client: AsyncOpenAI) -> None:
    answer = await client.audio.speech.create(
        model="f5-tts", input=TEXT, voice="default", extra_headers={"X-User-Id": "tester"}
    )

    assert answer.content == SPEECH
    assert answer.response.headers["X-Variant"] == "candidate"


async def test_it_hears_bytes_before_the_answer_has_ended(
    client: AsyncOpenAI, candidate: ScriptedEngine
) -> None:
    candidate.stream(UNSIZED[:500], UNSIZED[500:])
    heard = bytearray()
    async with client.audio.speech.with_streaming_response.create(
        model="f5-tts", input=TEXT, voice="default", stream_format="audio", extra_body={"user": "tester"}
    ) as answer:
        async for chunk in answer.iter_bytes():
            heard += chunk
            if len(heard) == 500:
                candidate.finish()

    assert heard == UNSIZED


async def test_it_reads_the_events_of_a_stream(client: AsyncOpenAI, candidate: ScriptedEngine) -> None:
    candidate.stream(UNSIZED[:500], UNSIZED[500:])
    candidate.finish()
    *deltas, done = [event async for event in await events(client)]

    assert b"".join(base64.b64decode(event["audio"]) for event in deltas) == UNSIZED
    assert (done["type"], done["usage"]["input_tokens"]) == ("speech.audio.done", len(TEXT))


async def test_a_stream_that_breaks_off_is_an_error_with_its_reason(
    client: AsyncOpenAI, candidate: ScriptedEngine
) -> None:
    candidate.stream(UNSIZED[:500])
    candidate.rest = [b""]
    candidate.finish()

    with pytest.raises(APIError) as broken:
        [event async for event in await events(client)]

    assert broken.value.code == "connection-lost"


async def test_refusals_are_its_own_errors(
    client: AsyncOpenAI, stable: ScriptedEngine, candidate: ScriptedEngine
) -> None:
    with pytest.raises(NotFoundError) as unknown:
        await client.audio.speech.create(model="nobody", input=TEXT, voice="default")
    stable.answer = candidate.answer = reply(500)
    with pytest.raises(InternalServerError) as failed:
        await events(client)

    assert (unknown.value.code, unknown.value.param) == ("model_not_found", "model")
    assert (failed.value.code, failed.value.status_code) == ("error-status", 502)

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_server.schemas import MAX_INPUT, RequestError, SpeechRequest

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def parse(**fields: Any) -> SpeechRequest:
    return SpeechRequest.parse(json.dumps({"input": "Olá"} | fields).encode())


def test_only_the_text_is_needed() -> None:
    request = parse()

    assert (request.model, request.voice, request.response_format, request.speed) == (
        "default",
        "default",
        "wav",
        1,
    )


def test_the_gateway_and_the_clients_extras_travel_on_but_the_user_does_not() -> None:
    sent = json.loads(parse(model="f5-tts", user="ana", instructions="calm", x=[1]).for_engine("xtts"))

    assert sent == {
        "model": "xtts", "input": "Olá", "voice": "default", "response_format": "wav",
        "instructions": "calm", "x": [1],
    }  # fmt: skip


@pytest.mark.parametrize("stream_format", ["audio", "sse"])
def test_engines_are_asked_for_bare_bytes_only(stream_format: str) -> None:
    assert json.loads(parse(stream_format=stream_format).for_engine("xtts"))["stream_format"] == "audio"


@pytest.mark.parametrize(
    ("field", "value", "advice"),
    [
        ("input", "", "1 to 4096 characters"),
        ("input", "a" * (MAX_INPUT + 1), "1 to 4096 characters"),
        ("input", 7, "write the text"),
        ("input", " \n…!", "nothing to speak"),
        ("voice", "../../etc/passwd", "write a voice's name"),
        ("voice", "a" * 65, "write a voice's name"),
        ("voice", "-v", "write a voice's name"),
        ("voice", {"id": "x"}, "write a voice's name"),
        ("response_format", "aac", "write one of wav, mp3, opus, flac, pcm"),
        ("stream_format", "SSE", 'write "audio" for bare bytes or "sse" for events'),
        ("speed", 0.2, "0.25 to 4.0"),
        ("speed", 4.1, "0.25 to 4.0"),
        ("speed", "1", "0.25 to 4.0"),
        ("speed", True, "0.25 to 4.0"),
        ("model", "F5 TTS", "rollout's name"),
        ("model", "../x", "rollout's name"),
        ("user", 5, "at most 256 characters"),
        ("user", "u" * 257, "at most 256 characters"),
    ],
)
def test_what_is_wrong_is_named_with_what_to_write(field: str, value: object, advice: str) -> None:
    with pytest.raises(RequestError, match=f"(?s)^{field}: .*{advice}") as refused:
        parse(**{field: value})

    assert refused.value.param == field


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b"null", b"[" * 60_000])
def test_what_is_not_a_json_object_says_so(body: bytes) -> None:
    with pytest.raises(RequestError, match="write a JSON object"):
        SpeechRequest.parse(body)


@given(st.dictionaries(st.sampled_from([*SpeechRequest.model_fields, "extra"]), JSON))
def test_no_json_raises_anything_but_request_error(fields: dict[str, Any]) -> None:
    with contextlib.suppress(RequestError):
        json.loads(SpeechRequest.parse(json.dumps(fields).encode()).for_engine("xtts"))


def test_a_refusal_does_not_repeat_what_the_user_wrote() -> None:
    with pytest.raises(RequestError) as refused:
        parse(voice="my secret ,")

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999", '{"deep": [1e999]}'])
def test_numbers_that_no_json_holds_reach_no_engine(number: str) -> None:
    with pytest.raises(RequestError, match="not finite"):
        SpeechRequest.parse(f'{{"input": "Olá", "temperature": {number}}}'.encode())

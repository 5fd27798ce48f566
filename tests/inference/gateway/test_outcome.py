import pytest

from support.voice import SPEECH
from voice_server.gateway.outcome import MAX_AUDIO, Declined, Failed, Reply, Spoken, Why, judge


def a_reply(status: int = 200, media: str = "audio/wav", body: bytes = SPEECH) -> Reply:
    return Reply(status, media, body)


@pytest.mark.parametrize("reply", [a_reply(), a_reply(media="audio/pcm;rate=22050", body=b"\1\2")])
def test_speech_is_200_with_audio_in_it(reply: Reply) -> None:
    assert judge(reply) == Spoken(reply)


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_a_request_that_cannot_be_spoken_is_declined(status: int) -> None:
    assert judge(a_reply(status)) == Declined(a_reply(status))


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        *(
            (a_reply(status), Why.STATUS)
            for status in (201, 204, 302, 401, 403, 404, 405, 408, 500, 502, 504)
        ),
        *((a_reply(status), Why.OVERLOADED) for status in (429, 503)),
        (a_reply(media="text/html"), Why.BROKEN_AUDIO),
        (a_reply(media=""), Why.BROKEN_AUDIO),
        (a_reply(body=b""), Why.BROKEN_AUDIO),
        (a_reply(body=SPEECH[:44]), Why.BROKEN_AUDIO),
        (a_reply(body=bytes(MAX_AUDIO + 1)), Why.BROKEN_AUDIO),
    ],
)
def test_everything_else_is_the_engines_failure(reply: Reply, why: Why) -> None:
    outcome = judge(reply)

    assert isinstance(outcome, Failed)
    assert outcome.why is why


def test_an_overloaded_engine_says_when_to_come_back() -> None:
    outcome = judge(Reply(429, "", b"", retry_after=7))

    assert outcome == Failed(Why.OVERLOADED, "status 429", 7)

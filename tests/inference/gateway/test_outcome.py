import pytest

from support.voice import SPEECH
from voice_server.gateway.outcome import (
    MAX_AUDIO,
    Declined,
    Failed,
    Outcome,
    Reply,
    Spoken,
    Why,
    begun,
    judge,
    unheard,
)


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


@pytest.mark.parametrize("end", [44, 45, 47])
def test_an_answer_has_begun_with_its_first_sound(end: int) -> None:
    assert begun(a_reply(body=SPEECH[:end])) is (end > 45)


@pytest.mark.parametrize("status", [201, 206, 400, 429, 500])
def test_only_a_200_can_begin(status: int) -> None:
    assert not begun(a_reply(status))


@pytest.mark.parametrize(
    ("outcome", "is_unheard"),
    [
        (Spoken(a_reply()), False),
        (Declined(a_reply(400)), True),
        (Failed(Why.LOST, ""), True),
        (Failed(Why.LOST, "", begun=True), False),
    ],
)
def test_who_has_heard_nothing_may_hear_another_voice(outcome: Outcome, *, is_unheard: bool) -> None:
    assert (unheard(outcome) is outcome) is is_unheard


def test_an_overloaded_engine_says_when_to_come_back() -> None:
    outcome = judge(Reply(429, "", b"", retry_after=7))

    assert outcome == Failed(Why.OVERLOADED, "status 429", 7, full=True)


@pytest.mark.parametrize(("status", "full"), [(429, True), (503, False), (500, False)])
def test_only_429_says_that_an_engine_is_well_and_full(status: int, *, full: bool) -> None:
    outcome = judge(a_reply(status))

    assert isinstance(outcome, Failed)
    assert outcome.full is full

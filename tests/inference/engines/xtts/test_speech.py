from collections.abc import Callable

import numpy as np
import pytest
import torch
from TTS.tts.models.xtts import Xtts as Upstream

from support.xtts import a_voice
from voice_server.audio.pcm import Audio
from voice_server.audio.samples import from_audio
from voice_server.engines.base import EngineError
from voice_server.engines.xtts import speech
from voice_server.engines.xtts.checkpoint import Model
from voice_server.engines.xtts.config import Sampling
from voice_server.engines.xtts.script import Piece
from voice_server.engines.xtts.speech import PAUSE, Request, Studio

TEXTS = ("olá mundo!", "como vai você hoje?", "bom dia", "um texto bem mais longo do que os outros", "fim!")
ONE_STEP = 2 / 32768
RATE = 24000

Asked = Callable[..., Request]


@pytest.fixture
def asked(model: Model) -> Asked:
    def request(*texts: str, speed: float = 1.0, is_wanted: Callable[[], bool] = lambda: True) -> Request:
        pieces = [Piece(model.tokenizer.encode(text, "pt"), 3.0) for text in texts]
        return Request(pieces, a_voice(TEXTS.index(texts[0])), speed, is_wanted, seed=7)

    return request


def are_alike(one: object, other: object) -> bool:
    if not (isinstance(one, Audio) and isinstance(other, Audio)):
        return False
    a, b = from_audio(one), from_audio(other)
    return len(a) == len(b) and float(np.abs(a - b).max()) <= ONE_STEP


def laid_end_to_end(bits: list[Audio]) -> Audio:
    return Audio(b"".join(bit.samples for bit in bits), RATE)


@pytest.mark.parametrize("speed", [1.0, 1.3])
def test_a_text_sounds_as_upstream_speaks_it(
    studio: Studio, upstream: Upstream, asked: Asked, speed: float
) -> None:
    voice = a_voice(1)
    theirs = upstream.inference(
        TEXTS[1], "pt", voice.latents, voice.embedding, do_sample=False, repetition_penalty=10.0, speed=speed
    )["wav"]

    (ours,) = studio.speak([asked(TEXTS[1], speed=speed)])

    assert isinstance(ours, Audio)
    assert float(np.abs(from_audio(ours) - theirs).max()) <= ONE_STEP


def test_a_stream_sounds_as_upstreams_drawn_with_the_same_seed(
    model: Model, upstream: Upstream, asked: Asked
) -> None:
    voice = a_voice(1)
    torch.manual_seed(7)
    theirs = upstream.inference(TEXTS[1], "pt", voice.latents, voice.embedding, repetition_penalty=5.0)["wav"]

    bits = list(Studio(model, Sampling(repetition_penalty=5.0)).stream(asked(TEXTS[1])))

    assert float(np.abs(from_audio(laid_end_to_end(bits)) - theirs).max()) <= ONE_STEP


def test_five_requests_together_are_five_alone(studio: Studio, asked: Asked) -> None:
    alone = [studio.speak([asked(text)])[0] for text in TEXTS]

    together = studio.speak([asked(text) for text in TEXTS])

    assert all(map(are_alike, together, alone))


def test_a_text_of_more_lines_than_rows_is_spoken_in_order(studio: Studio, asked: Asked) -> None:
    alone = [studio.speak([asked(text)])[0] for text in TEXTS[2:3] * 7]
    seconds = sum(each.duration for each in alone if isinstance(each, Audio))

    (together,) = studio.speak([asked(*TEXTS[2:3] * 7)])

    assert isinstance(together, Audio)
    assert together.duration == pytest.approx(seconds + 6 * PAUSE)


def test_a_stream_is_what_would_have_been_said_at_once(
    studio: Studio, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speech, "FIRST_CHUNK", 6)
    monkeypatch.setattr(speech, "CHUNK", 9)
    (whole,) = studio.speak([asked(TEXTS[3])])

    bits = list(studio.stream(asked(TEXTS[3])))

    assert len(bits) > 2
    assert are_alike(laid_end_to_end(bits), whole)


def test_the_lines_of_a_stream_follow_each_other_with_a_pause(studio: Studio, asked: Asked) -> None:
    (whole,) = studio.speak([asked(*TEXTS[:3])])

    bits = list(studio.stream(asked(*TEXTS[:3])))

    assert isinstance(whole, Audio)
    assert laid_end_to_end(bits).duration == pytest.approx(whole.duration)


def test_streams_of_different_callers_may_take_turns(studio: Studio, asked: Asked) -> None:
    alone = [laid_end_to_end(list(studio.stream(asked(text)))) for text in TEXTS]

    streams = {text: studio.stream(asked(text)) for text in TEXTS}
    bits: dict[str, list[Audio]] = {text: [] for text in TEXTS}
    while streams:
        for text in list(streams):
            bit = next(streams[text], None)
            if bit is None:
                del streams[text]
            else:
                bits[text].append(bit)

    assert all(map(are_alike, (laid_end_to_end(bits[text]) for text in TEXTS), alone))


def test_what_nobody_wants_is_none_and_the_others_are_as_ever(studio: Studio, asked: Asked) -> None:
    alone = [studio.speak([asked(text)])[0] for text in TEXTS]
    calls = iter([True] * 8)
    requests = [asked(text) for text in TEXTS]
    requests[1] = asked(TEXTS[1], is_wanted=lambda: next(calls, False))

    together = studio.speak(requests)

    assert together.pop(1) is None
    assert all(map(are_alike, together, alone[:1] + alone[2:]))


def test_where_nobody_wants_anything_nothing_is_said(studio: Studio, asked: Asked) -> None:
    assert studio.speak([asked(text, is_wanted=lambda: False) for text in TEXTS[:2]]) == [None, None]


def test_a_stream_that_nobody_wants_any_more_ends(studio: Studio, asked: Asked) -> None:
    calls = iter([True] * 25)

    bits = list(studio.stream(asked(TEXTS[0], TEXTS[1], is_wanted=lambda: next(calls, False))))

    assert laid_end_to_end(bits).duration < 1.2


def test_a_line_without_an_end_is_an_error_and_the_others_are_as_ever(
    studio: Studio, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = studio.speak([asked(TEXTS[1])])
    monkeypatch.setattr(speech, "_SLACK", -100)

    endless, fine = studio.speak([asked(TEXTS[0]), asked(TEXTS[1])])

    assert isinstance(endless, EngineError)
    assert "went on for" in str(endless)
    assert are_alike(fine, alone[0])


def test_a_stream_without_an_end_is_an_error(
    studio: Studio, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speech, "_SLACK", -100)

    with pytest.raises(EngineError, match="without an end"):
        list(studio.stream(asked(TEXTS[0])))


def test_the_same_text_is_another_rendering_each_time(model: Model, asked: Asked) -> None:
    studio = Studio(model, Sampling(temperature=1.0, repetition_penalty=2.0))
    request = asked(TEXTS[3])
    unseeded = Request(request.pieces, request.voice, 1.0, request.is_wanted)

    assert len({str(studio.speak([unseeded])) for _ in range(3)}) > 1

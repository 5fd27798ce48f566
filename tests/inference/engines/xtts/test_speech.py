from collections.abc import Callable
from pathlib import Path
from weakref import ref

import numpy as np
import pytest
import torch
from TTS.tts.models.xtts import Xtts as Upstream

from support.xtts import ONE_STEP, a_checkpoint, a_voice, are_alike, laid_end_to_end
from voice_server.audio.pcm import Audio
from voice_server.audio.samples import from_audio
from voice_server.engines.base import DeviceLostError, EngineError
from voice_server.engines.xtts import checkpoint, speech
from voice_server.engines.xtts.checkpoint import Model
from voice_server.engines.xtts.config import Sampling
from voice_server.engines.xtts.rendering import PAUSE
from voice_server.engines.xtts.script import Piece
from voice_server.engines.xtts.speech import Request, Studio

TEXTS = ("olá mundo!", "como vai você hoje?", "bom dia", "um texto bem mais longo do que os outros", "fim!")
GREEDY = Sampling(temperature=0, repetition_penalty=10.0)

Asked = Callable[..., Request]


@pytest.fixture
def asked(model: Model) -> Asked:
    def request(
        *texts: str,
        speed: float = 1.0,
        is_wanted: Callable[[], bool] = lambda: True,
        hear: Callable[[Audio], None] | None = None,
    ) -> Request:
        pieces = [Piece(model.tokenizer.encode(text, "pt"), 3.0) for text in texts]
        return Request(pieces, a_voice(TEXTS.index(texts[0])), speed, is_wanted, hear, seed=7)

    return request


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

    bits: list[Audio] = []
    Studio(model, Sampling(repetition_penalty=5.0)).speak([asked(TEXTS[1], hear=bits.append)])

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


@pytest.mark.parametrize("lines", [1, 3, 7])
@pytest.mark.usefixtures("in_small_bits")
def test_what_is_heard_bit_by_bit_is_what_would_have_been_said_at_once(
    studio: Studio, asked: Asked, lines: int
) -> None:
    texts = TEXTS[3:4] * lines
    (whole,) = studio.speak([asked(*texts)])

    bits: list[Audio] = []
    (answer,) = studio.speak([asked(*texts, hear=bits.append)])

    assert len(bits) > 2 * lines
    assert answer == laid_end_to_end(bits)
    assert are_alike(answer, whole)


@pytest.mark.usefixtures("in_small_bits")
def test_a_listener_hears_the_beginning_before_the_end_is_said(
    model: Model, studio: Studio, asked: Asked
) -> None:
    calls = 0

    def is_wanted() -> bool:
        nonlocal calls
        calls += 1
        return True

    heard_at: list[int] = []
    studio.speak([asked(TEXTS[3], is_wanted=is_wanted, hear=lambda _: heard_at.append(calls))])

    assert heard_at[0] < calls / 2


@pytest.mark.usefixtures("in_small_bits")
def test_listeners_in_one_batch_hear_their_own_text_only(studio: Studio, asked: Asked) -> None:
    alone = [studio.speak([asked(text, TEXTS[0])])[0] for text in TEXTS]
    bits: dict[str, list[Audio]] = {text: [] for text in TEXTS[1:]}

    together = studio.speak(
        [asked(TEXTS[0], TEXTS[0]), *(asked(text, TEXTS[0], hear=bits[text].append) for text in TEXTS[1:])]
    )

    assert all(map(are_alike, together, alone))
    assert all(map(are_alike, map(laid_end_to_end, bits.values()), alone[1:]))


def test_nobody_hears_a_second_line_before_another_hears_his_first(studio: Studio, asked: Asked) -> None:
    order: list[str] = []
    requests = [
        asked(*TEXTS[:3] * 2, hear=lambda _: order.append("long")),
        asked(TEXTS[3], hear=lambda _: order.append("short")),
    ]

    studio.speak(requests)

    assert order.index("short") < len(order) - 2
    assert order[-1] == "long"


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


@pytest.mark.usefixtures("in_small_bits")
def test_whoever_stops_listening_is_told_no_more(studio: Studio, asked: Asked) -> None:
    bits: list[Audio] = []

    (answer,) = studio.speak([asked(*TEXTS[:2] * 3, is_wanted=lambda: len(bits) < 2, hear=bits.append)])

    assert answer is None
    assert len(bits) == 2


def test_a_line_without_an_end_is_an_error_and_the_others_are_as_ever(
    studio: Studio, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = studio.speak([asked(TEXTS[1])])
    monkeypatch.setattr(speech, "_SLACK", -100)

    endless, fine = studio.speak([asked(TEXTS[0], hear=lambda _: None), asked(TEXTS[1])])

    assert isinstance(endless, EngineError)
    assert "went on for" in str(endless)
    assert are_alike(fine, alone[0])


@pytest.mark.parametrize("hear", [None, lambda _: None], ids=["whole", "heard"])
def test_a_line_without_an_end_is_an_error_wherever_it_stands(
    tmp_path: Path, hear: Callable[[Audio], None] | None
) -> None:
    a_checkpoint(tmp_path, tokens=100)
    model = checkpoint.load(tmp_path, torch.device("cpu"))
    tokens = model.tokenizer.encode("uma frase", "pt")
    patient, hasty = Piece(tokens, 10.0), Piece(tokens, 0.5)

    (answer,) = Studio(model, GREEDY).speak(
        [Request([patient, hasty], a_voice(0), 1.0, lambda: True, hear, seed=7)]
    )

    assert isinstance(answer, EngineError)
    assert "went on for 82 tokens" in str(answer)


def test_moved_to_the_cpu_nothing_of_it_is_left_where_it_was(
    folder: Path, studio: Studio, asked: Asked
) -> None:
    (here,) = studio.speak([asked(TEXTS[0])])
    recording = np.sin(np.arange(24000, dtype=np.float32))
    elsewhere = Studio(checkpoint.load(folder, torch.device("meta")), GREEDY)

    elsewhere.move_to_cpu()

    assert are_alike(elsewhere.speak([asked(TEXTS[0])])[0], here)
    assert torch.equal(elsewhere.hear(recording, 24000).latents, studio.hear(recording, 24000).latents)


def test_moved_to_the_cpu_it_is_given_up_before_it_is_read_again(
    folder: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, held = checkpoint.load, list[bool]()
    model = load(folder, torch.device("cpu"))
    weights = ref(model.gpt.mel_embedding.weight)
    studio = Studio(model, GREEDY)
    del model

    def load_and_look(folder: Path, device: torch.device) -> Model:
        held.append(weights() is not None)
        return load(folder, device)

    monkeypatch.setattr(checkpoint, "load", load_and_look)
    studio.move_to_cpu()

    assert held == [False]


def test_what_cannot_be_read_again_is_lost_so_that_the_pod_starts_anew(
    folder: Path, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = Studio(checkpoint.load(folder, torch.device("cpu")), GREEDY)
    monkeypatch.setattr(studio, "_folder", folder / "gone")
    with pytest.raises(EngineError):
        studio.move_to_cpu()

    with pytest.raises(DeviceLostError, match="could not be read again"):
        studio.speak([asked(TEXTS[0])])
    with pytest.raises(DeviceLostError, match="could not be read again"):
        studio.hear(np.zeros(24000, np.float32), 24000)


def test_the_same_text_is_another_rendering_each_time(model: Model, asked: Asked) -> None:
    studio = Studio(model, Sampling(temperature=1.0, repetition_penalty=2.0))
    request = asked(TEXTS[3])
    unseeded = Request(request.pieces, request.voice, 1.0, request.is_wanted)

    assert len({str(studio.speak([unseeded])) for _ in range(3)}) > 1

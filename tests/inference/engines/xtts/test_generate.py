from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest

import pytest
import torch
from torch import Tensor
from TTS.tts.models.xtts import Xtts as Upstream

from support.xtts import a_voice
from voice_server.engines.xtts.checkpoint import Model
from voice_server.engines.xtts.config import Sampling
from voice_server.engines.xtts.generate import End, Line, Speaker

GREEDY = Sampling(temperature=0, repetition_penalty=10.0)
DRAWN = Sampling(temperature=0.75, repetition_penalty=5.0, top_k=20, top_p=0.85)
TEXTS = ("olá mundo!", "como vai você hoje?", "bom dia", "um texto bem mais longo do que os outros", "fim!")
MOST = 110
TOLERANCE = 1e-4

Lines = Callable[..., list[Line]]


@pytest.fixture
def lines(model: Model) -> Lines:
    """A line for each text, each in a voice and with a seed of its own."""

    def made(*texts: str, most: int = MOST) -> list[Line]:
        return [
            Line(
                model.tokenizer.encode(text, "pt"),
                a_voice(TEXTS.index(text)),
                most,
                torch.Generator().manual_seed(TEXTS.index(text)),
                lambda: True,
            )
            for text in texts
        ]

    return made


def said(speaker: Speaker, lines: Sequence[Line]) -> list[Tensor]:
    for _ in speaker.say(lines):
        pass
    return [torch.stack(line.latents) for line in lines]


def are_close(some: Sequence[Tensor], others: Sequence[Tensor]) -> bool:
    return all(
        one.shape == other.shape and (one - other).abs().max() < TOLERANCE
        for one, other in zip_longest(some, others)
    )


@pytest.mark.parametrize("text", TEXTS)
def test_a_line_has_the_latents_that_upstream_finds(
    model: Model, upstream: Upstream, lines: Lines, text: str
) -> None:
    voice = a_voice(TEXTS.index(text))

    theirs = upstream.inference(
        text, "pt", voice.latents, voice.embedding, do_sample=False, repetition_penalty=10.0
    )

    assert are_close(said(Speaker(model, GREEDY), lines(text)), [torch.from_numpy(theirs["gpt_latents"])[0]])


@pytest.mark.parametrize("text", TEXTS)
def test_with_the_same_seed_a_line_is_drawn_as_upstream_draws_it(
    model: Model, upstream: Upstream, lines: Lines, text: str
) -> None:
    voice = a_voice(TEXTS.index(text))
    torch.manual_seed(TEXTS.index(text))

    theirs = upstream.inference(
        text,
        "pt",
        voice.latents,
        voice.embedding,
        temperature=0.75,
        repetition_penalty=5.0,
        top_k=20,
        top_p=0.85,
    )

    assert are_close(said(Speaker(model, DRAWN), lines(text)), [torch.from_numpy(theirs["gpt_latents"])[0]])


@pytest.mark.parametrize("sampling", [GREEDY, DRAWN])
def test_five_lines_together_are_five_lines_alone(model: Model, lines: Lines, sampling: Sampling) -> None:
    speaker = Speaker(model, sampling)
    alone = [said(speaker, lines(text))[0] for text in TEXTS]

    together = said(speaker, lines(*TEXTS))

    assert len({len(latents) for latents in alone}) > 2, "lines of one length would prove nothing"
    assert are_close(together, alone)


def test_lines_that_take_turns_never_hear_each_other(model: Model, lines: Lines) -> None:
    speaker = Speaker(model, GREEDY)
    alone = [said(speaker, lines(text))[0] for text in TEXTS]
    turns = [lines(text) for text in TEXTS]

    for _ in zip_longest(*(speaker.say(turn) for turn in turns)):
        pass

    assert are_close([torch.stack(turn[0].latents) for turn in turns], alone)


def test_a_line_that_nobody_wants_stops_and_the_others_do_not_notice(model: Model, lines: Lines) -> None:
    speaker = Speaker(model, GREEDY)
    alone = said(speaker, lines(*TEXTS))
    together = lines(*TEXTS)
    together[3].is_wanted = lambda: len(together[3].latents) < 4

    sounds = said(speaker, together)

    assert together[3].end is End.UNWANTED
    assert len(sounds.pop(3)) == 4
    assert are_close(sounds, alone[:3] + alone[4:])


def test_a_line_that_raises_leaves_nothing_to_the_next(model: Model, lines: Lines) -> None:
    speaker = Speaker(model, GREEDY)
    alone = said(speaker, lines(*TEXTS))
    raising = lines(*TEXTS)
    raising[0].is_wanted = _raises_after(3)

    with pytest.raises(ZeroDivisionError):
        said(speaker, raising)

    assert are_close(said(speaker, lines(*TEXTS)), alone)


def test_a_line_given_up_half_way_leaves_nothing_to_the_next(model: Model, lines: Lines) -> None:
    speaker = Speaker(model, GREEDY)
    alone = said(speaker, lines("bom dia"))
    abandoned = speaker.say(lines(*TEXTS))
    next(abandoned)
    next(abandoned)

    assert are_close(said(speaker, lines("bom dia")), alone)


def test_a_line_that_would_not_stop_is_stopped_and_known_for_it(model: Model, lines: Lines) -> None:
    line = lines("bom dia", most=5)

    (latents,) = said(Speaker(model, GREEDY), line)

    assert line[0].end is End.RAN_ON
    assert len(latents) == 5


def _raises_after(calls: int) -> Callable[[], bool]:
    left: Iterator[int] = iter(range(calls, -1, -1))
    return lambda: bool(1 / next(left))

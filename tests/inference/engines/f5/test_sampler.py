"""One request: what comes back, what is remembered (nothing), and what is refused."""

import pytest
import torch

from support.f5 import TINY_V0, TINY_V1, a_request, a_voice, random_weights, said, wanted
from voice_server.engines.f5.sampler import F5, Request, RequestError, Voice

ANY_MEL = torch.zeros(30, TINY_V1.mel_dim)


@pytest.fixture(scope="module")
def f5() -> F5:
    return F5(random_weights(TINY_V1), TINY_V1)


@pytest.fixture(scope="module")
def voice(f5: F5) -> Voice:
    return a_voice(f5)


def test_a_request_gets_its_frames_without_the_reference(f5: F5, voice: Voice) -> None:
    assert said(f5.speak([a_request(voice, frames=33)], 5)).shape == (33, TINY_V1.mel_dim)


@pytest.mark.parametrize("frames", [-100, 0, 1])
def test_a_request_gets_one_frame_at_least(f5: F5, voice: Voice, frames: int) -> None:
    assert len(said(f5.speak([a_request(voice, frames=frames)], 5))) == 1


def test_every_token_gets_a_frame(f5: F5, voice: Voice) -> None:
    mel = said(f5.speak([a_request(voice, frames=1, tokens=[2] * 70)], 5))

    assert len(voice.mel) + len(mel) == len(voice.tokens) + 70 + 1


def test_the_same_seed_gives_the_same_sound_and_another_another(f5: F5, voice: Voice) -> None:
    first, again, other = (said(f5.speak([a_request(voice, seed=seed)], 5)) for seed in (1, 1, 2))

    assert torch.equal(first, again)
    assert (first - other).abs().max() > 0.1


def test_speaking_leaves_the_random_numbers_of_others_alone(f5: F5, voice: Voice) -> None:
    before = torch.get_rng_state()
    f5.speak([a_request(voice)], 5)

    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("change", [{"tokens": [7, 7, 7]}, {"frames": 60}])
def test_text_and_length_are_heard(f5: F5, voice: Voice, change: dict[str, object]) -> None:
    usual = said(f5.speak([a_request(voice)], 5))
    other = said(f5.speak([a_request(voice, **change)], 5))

    assert (usual[:30] - other[:30]).abs().max() > 0.01


def test_the_reference_is_heard(f5: F5) -> None:
    one, other = (said(f5.speak([a_request(a_voice(f5, seed=seed))], 5)) for seed in (1, 2))

    assert (one - other).abs().max() > 0.01


def test_a_failure_is_forgotten(f5: F5, voice: Voice) -> None:
    request = a_request(voice, tokens=[1, 2, 3])
    before = said(f5.speak([request], 5))
    answers = iter([True, True, True])

    def raising() -> bool:
        return next(answers)

    with pytest.raises(StopIteration):
        f5.speak([a_request(voice, tokens=[9, 8, 7], is_wanted=raising)], 5)

    assert torch.equal(said(f5.speak([request], 5)), before)


def test_the_voice_stays_as_it_was(f5: F5, voice: Voice) -> None:
    before = voice.mel.clone()
    f5.speak([a_request(voice)], 5)

    assert torch.equal(voice.mel, before)


def test_a_voice_does_not_change_with_what_it_was_made_of(f5: F5) -> None:
    mel = torch.zeros(10, TINY_V1.mel_dim)
    voice = f5.prepare(mel, [1])
    mel.fill_(1)

    assert not voice.mel.any()


@pytest.mark.parametrize(
    ("mel", "tokens", "message"),
    [
        (torch.zeros(30, 19), [1], r"has the shape \(30, 19\); write \[frames, 20\]"),
        (torch.zeros(30), [1], "has the shape"),
        (torch.zeros(0, 20), [1], "has the shape"),
        (torch.zeros(8192, 20), [1], "1 to 8191 frames"),
        (torch.full((30, 20), torch.nan), [1], "no numbers"),
        (ANY_MEL, [1] * 31, "31 tokens are too many for a reference of 30 frames; write what is said in it"),
        (ANY_MEL, [40], "outside of the vocabulary, which has the numbers 0 to 39"),
        (ANY_MEL, [-1], "outside of the vocabulary"),
    ],
)
def test_a_voice_that_cannot_be_is_refused(
    f5: F5, mel: torch.Tensor, tokens: list[int], message: str
) -> None:
    with pytest.raises(RequestError, match=message):
        f5.prepare(mel, tokens)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tokens": [40]}, "outside of the vocabulary"),
        ({"frames": 8192}, "8229 frames of reference and speech are too many"),
        ({"tokens": [1] * 9000}, "are too many"),
    ],
)
def test_a_request_that_cannot_be_is_refused(
    f5: F5, voice: Voice, change: dict[str, object], message: str
) -> None:
    with pytest.raises(RequestError, match=message):
        f5.speak([a_request(voice, **change)], 5)


def test_steps_without_tables_are_refused(f5: F5, voice: Voice) -> None:
    with pytest.raises(RequestError, match=r"no tables for 8 steps; write one of \[5, 7, 12, 16\]"):
        f5.speak([a_request(voice)], 8)


def test_other_tiers_can_be_had(voice: Voice) -> None:
    f5 = F5(random_weights(TINY_V0), TINY_V0, tiers=[3])

    assert len(said(f5.speak([Request(voice, [1], 12, 0, wanted)], 3))) == 12

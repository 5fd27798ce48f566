from collections.abc import Sequence

import pytest
import torch
from torch import Tensor
from TTS.tts.models.xtts import Xtts as Upstream

from support.xtts import a_voice, peak
from voice_server.engines.xtts.checkpoint import Model
from voice_server.engines.xtts.vocoder import Stream, Vocoder

TOLERANCE = 1e-5
SPEEDS = (0.5, 1.0, 1.37, 2.0)


@pytest.fixture(scope="module")
def vocoder(model: Model) -> Vocoder:
    return Vocoder(model.decoder)


def some_latents(count: int) -> list[Tensor]:
    return list(torch.randn(count, 64, generator=torch.Generator().manual_seed(count)))


def at_once(vocoder: Vocoder, latents: Sequence[Tensor], speed: float) -> Tensor:
    return vocoder.decode(vocoder.frames(latents, speed), a_voice(1).embedding)


def streamed(vocoder: Vocoder, latents: Sequence[Tensor], step: int, speed: float) -> list[Tensor]:
    stream = Stream(vocoder, a_voice(1).embedding, speed)
    bits = [stream.more(latents[:known], is_last=False) for known in range(step, len(latents), step)]
    return [*bits, stream.more(latents, is_last=True)]


@pytest.mark.parametrize(("count", "speed"), [(1, 1.0), (2, 0.5), (2, 1.37), (33, 1.0), (33, 2.0)])
def test_a_line_sounds_as_upstream_decodes_it(
    vocoder: Vocoder, upstream: Upstream, count: int, speed: float
) -> None:
    latents = some_latents(count)
    stretched = torch.stack(latents)[None]
    if speed != 1:
        stretched = torch.nn.functional.interpolate(
            stretched.transpose(1, 2), scale_factor=1 / speed, mode="linear"
        ).transpose(1, 2)

    theirs = upstream.hifigan_decoder.inference(stretched, a_voice(1).embedding).squeeze()

    assert peak(at_once(vocoder, latents, speed), theirs) < TOLERANCE


@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize("step", [3, 20, 100])
def test_a_stream_laid_end_to_end_is_the_whole(vocoder: Vocoder, step: int, speed: float) -> None:
    latents = some_latents(47)
    whole = at_once(vocoder, latents, speed)

    bits = streamed(vocoder, latents, step, speed)

    assert peak(torch.cat(bits), whole) < TOLERANCE


def test_a_line_too_short_for_its_pace_is_silence(vocoder: Vocoder) -> None:
    assert len(at_once(vocoder, some_latents(1), 2.0)) == 0


def test_what_a_latent_changes_lies_within_the_reach_and_no_nearer(vocoder: Vocoder) -> None:
    frames = vocoder.frames(some_latents(40), 1.0)
    changed = frames.clone()
    middle = frames.shape[2] // 2
    changed[:, :, middle] += 1
    voice = a_voice(1).embedding

    differing = (vocoder.decode(frames, voice) != vocoder.decode(changed, voice)).nonzero().flatten()

    first, last = int(differing[0]) / vocoder.hop, int(differing[-1]) / vocoder.hop
    assert middle - vocoder.reach <= first <= middle - vocoder.reach + 3
    assert middle + vocoder.reach - 2 <= last <= middle + vocoder.reach + 1


def test_a_stream_decodes_little_more_than_the_whole(
    vocoder: Vocoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[int] = []
    decode = vocoder.decode

    def counted(frames: Tensor, voice: Tensor) -> Tensor:
        decoded.append(frames.shape[2])
        return decode(frames, voice)

    monkeypatch.setattr(vocoder, "decode", counted)
    latents = some_latents(180)

    streamed(vocoder, latents, 40, 1.0)

    whole = vocoder.frames(latents, 1.0).shape[2]
    assert whole < sum(decoded) < 1.25 * whole

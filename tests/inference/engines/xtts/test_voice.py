from pathlib import Path

import numpy as np
import pytest
import torch
from TTS.tts.models.xtts import Xtts as Upstream

from support.xtts import a_voice
from voice_server.audio import wav
from voice_server.audio.samples import Samples, from_audio, to_audio
from voice_server.engines.base import EngineError
from voice_server.engines.xtts import voice
from voice_server.engines.xtts.checkpoint import Model
from voice_server.engines.xtts.voice import Listener, Voice


def a_recording(seconds: float, rate: int) -> Samples:
    noise = np.random.default_rng(1).normal(0, 0.1, round(seconds * rate)).astype(np.float32)
    time = np.arange(len(noise)) / rate
    return (noise + 0.4 * np.sin(2 * np.pi * (180 + 60 * time) * time)).astype(np.float32)


@pytest.mark.parametrize(("seconds", "rate"), [(1.0, 22050), (9.5, 24000)])
def test_a_voice_is_what_upstream_finds_in_the_recording(
    model: Model, upstream: Upstream, tmp_path: Path, seconds: float, rate: int
) -> None:
    recording = to_audio(a_recording(seconds, rate), rate)
    (tmp_path / "voice.wav").write_bytes(wav.encode(recording))
    lengths = model.config

    latents, embedding = upstream.get_conditioning_latents(
        str(tmp_path / "voice.wav"),
        max_ref_length=lengths.max_ref_len,
        gpt_cond_len=lengths.gpt_cond_len,
        gpt_cond_chunk_len=lengths.gpt_cond_chunk_len,
    )
    heard = Listener(model).hear(from_audio(recording), rate)

    torch.testing.assert_close(heard.latents, latents, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(heard.embedding, embedding, atol=1e-5, rtol=1e-4)


def test_a_recording_too_short_to_know_a_voice_by_is_refused(model: Model) -> None:
    with pytest.raises(EngineError, match=r"lasts 0\.30 s; give at least 0\.33 s"):
        Listener(model).hear(a_recording(0.3, 24000), 24000)


def test_voices_come_back_as_they_were_written(tmp_path: Path) -> None:
    voice.write(tmp_path / "speakers.safetensors", {"ana": a_voice(1), "rui.2": a_voice(2)})

    read = voice.read(tmp_path)

    assert set(read) == {"ana", "rui.2"}
    assert torch.equal(a_voice(2).latents, read["rui.2"].latents)
    assert torch.equal(a_voice(2).embedding, read["rui.2"].embedding)
    assert read["ana"].size == 4 * (32 * 64 + 512)


def test_voices_kept_as_halves_are_spoken_with_as_floats(tmp_path: Path) -> None:
    halves = Voice(a_voice(1).latents.half(), a_voice(1).embedding.half())
    voice.write(tmp_path / "speakers.safetensors", {"ana": halves})

    read = voice.read(tmp_path)["ana"]

    assert (read.latents.dtype, read.embedding.dtype) == (torch.float32, torch.float32)


def test_a_folder_without_voices_has_none(tmp_path: Path) -> None:
    assert voice.read(tmp_path) == {}


def test_a_torn_file_of_voices_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "speakers.safetensors"
    voice.write(path, {"ana": a_voice(1)})
    path.write_bytes(path.read_bytes()[:-100])

    with pytest.raises(EngineError, match=r"speakers\.safetensors: .*write it anew"):
        voice.read(tmp_path)

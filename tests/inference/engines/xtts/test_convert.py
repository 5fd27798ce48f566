import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from TTS.tts.configs import xtts_config
from TTS.tts.configs.xtts_config import XttsConfig
from TTS.tts.models.xtts import Xtts as Upstream

from support.xtts import a_voice
from voice_server.engines.xtts import voice
from voice_server.engines.xtts.convert import main, voice_name


class _Hostile:
    def __init__(self, witness: Path) -> None:
        self._witness = witness

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self._witness),)


@pytest.fixture
def pickled(folder: Path, upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The model as XTTS v2 was published: pickled with its configuration, under names of its time."""
    source = tmp_path / "pickled"
    source.mkdir()
    for name in ("config.json", "vocab.json"):
        shutil.copy(folder / name, source)
    state = {_of_its_time(name): tensor for name, tensor in load_file(folder / "model.safetensors").items()}
    state |= {"gpt.gpt.wte.weight": torch.ones(2), "gpt.gpt_inference.lm_head.bias": torch.ones(2)}
    state |= {"dvae.decoder.weight": torch.ones(2)}
    with monkeypatch.context() as patch:
        for each in (xtts_config.XttsArgs, xtts_config.XttsAudioConfig):
            patch.setattr(each, "__module__", "TTS.tts.models.xtts")
        torch.save({"config": XttsConfig(), "model": state}, source / "model.pth")
    speakers = {
        "Ana Florência": {"gpt_cond_latent": a_voice(1).latents, "speaker_embedding": a_voice(1).embedding}
    }
    torch.save(speakers, source / "speakers_xtts.pth")
    return source


def _of_its_time(name: str) -> str:
    return name.replace("parametrizations.weight.original0", "weight_g").replace(
        "parametrizations.weight.original1", "weight_v"
    )


def test_a_published_model_becomes_the_same_weights_without_pickle(
    pickled: Path, folder: Path, tmp_path: Path
) -> None:
    output = tmp_path / "output"

    assert main([str(pickled), str(output)]) == 0

    before, after = load_file(folder / "model.safetensors"), load_file(output / "model.safetensors")
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert {path.suffix for path in output.iterdir()} == {".json", ".safetensors"}


def test_its_speakers_get_names_that_a_request_may_write(pickled: Path, tmp_path: Path) -> None:
    main([str(pickled), str(tmp_path / "output")])

    voices = voice.read(tmp_path / "output")

    assert list(voices) == ["Ana-Florencia"]
    assert torch.equal(a_voice(1).latents, voices["Ana-Florencia"].latents)


def test_a_pickle_with_code_in_it_is_refused_and_not_run(
    pickled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save({"model": _Hostile(tmp_path / "witness")}, pickled / "model.pth")

    assert main([str(pickled), str(tmp_path / "output")]) == 2

    assert "model.pth: refused: Weights only load failed" in capsys.readouterr().err
    assert not (tmp_path / "witness").exists()
    assert not (tmp_path / "output").exists()


def test_a_folder_without_a_model_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path), str(tmp_path / "output")]) == 2
    assert "model.pth" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "written"), [("Claribel Dervla", "Claribel-Dervla"), ("Damjan  Ž.", "Damjan-Z.")]
)
def test_a_speakers_name_is_written_in_plain_letters(name: str, written: str) -> None:
    assert voice_name(name) == written

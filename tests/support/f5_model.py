"""A folder that the F5 engine serves: a tiny checkpoint of the true architecture, a tiny Vocos, and voices of espeak.

Run as a program it writes one to the folder that it is given.
"""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import soundfile
import torch
import yaml
from safetensors.torch import save_file
from vocos import Vocos

from support import checkpoints
from support.f5 import TINY_V1, random_weights
from support.sounds import RATE, SENTENCE, speech

SIZE = replace(TINY_V1, mel_dim=100, text_num_embeds=60)
MEL = {"sample_rate": RATE, "n_fft": 1024, "hop_length": 256, "n_mels": 100, "padding": "center"}
VOCOS: dict[str, dict[str, Any]] = {
    "feature_extractor": {
        "class_path": "vocos.feature_extractors.MelSpectrogramFeatures",
        "init_args": MEL,
    },
    "backbone": {
        "class_path": "vocos.models.VocosBackbone",
        "init_args": {"input_channels": 100, "dim": 32, "intermediate_dim": 48, "num_layers": 2},
    },
    "head": {
        "class_path": "vocos.heads.ISTFTHead",
        "init_args": {"dim": 32, "n_fft": 1024, "hop_length": 256, "padding": "center"},
    },
}


def a_model(folder: Path, **about: Any) -> Path:
    """Weights, vocabulary, sidecar (`about` changes it), vocoder, and the voices ana and rui."""
    weights = folder / "model.safetensors"
    checkpoints.write(weights, checkpoints.of(random_weights(SIZE)))
    checkpoints.write_vocabulary(folder / "vocab.txt", SIZE.text_num_embeds)
    checkpoints.write_sidecar(weights, **({"licence": "MIT"} | about))
    a_vocoder(folder / "vocos")
    for name, voice in (("ana", "pt-br+f2"), ("rui", "pt-br")):
        a_voice(folder / "voices", name, voice)
    return folder


def a_vocoder(folder: Path) -> None:
    folder.mkdir()
    (folder / "config.yaml").write_text(yaml.safe_dump(VOCOS))
    torch.manual_seed(0)
    save_file(Vocos.from_hparams(str(folder / "config.yaml")).state_dict(), folder / "model.safetensors")


def a_voice(folder: Path, name: str, voice: str, transcript: str | None = SENTENCE) -> None:
    """What espeak-ng says as `voice`, and its words unless there are none."""
    folder.mkdir(exist_ok=True)
    soundfile.write(folder / f"{name}.wav", speech(SENTENCE, voice), RATE, "PCM_16")
    if transcript is not None:
        (folder / f"{name}.txt").write_text(transcript)


if __name__ == "__main__":
    a_model(Path(sys.argv[1]))

"""The files that F5-TTS is measured with: random weights of one architecture, a vocoder, a recording."""

import json
import subprocess
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import soundfile
import soxr
import torch
import yaml
from safetensors.torch import save_file
from vocos import Vocos as UpstreamVocos

from voice_server.engines.f5.architecture import ROTARY_FREQUENCIES, Architecture, shapes
from voice_server.engines.f5.positions import frequencies

SAID = "Esta voz conta de um a dez, e depois disso fica quieta. "
VOCABULARY = Path(str(files("f5_tts").joinpath("infer/examples/vocab.txt")))
VOCOS = {
    "feature_extractor": {
        "class_path": "vocos.feature_extractors.MelSpectrogramFeatures",
        "init_args": {
            "sample_rate": 24000,
            "n_fft": 1024,
            "hop_length": 256,
            "n_mels": 100,
            "padding": "center",
        },
    },
    "backbone": {
        "class_path": "vocos.models.VocosBackbone",
        "init_args": {"input_channels": 100, "dim": 512, "intermediate_dim": 1536, "num_layers": 8},
    },
    "head": {
        "class_path": "vocos.heads.ISTFTHead",
        "init_args": {"dim": 512, "n_fft": 1024, "hop_length": 256, "padding": "center"},
    },
}


@dataclass(frozen=True)
class Laid:
    """The files of a folder."""

    folder: Path

    @property
    def weights(self) -> Path:
        return self.folder / "model.safetensors"

    @property
    def recording(self) -> Path:
        return self.folder / "recording.wav"

    @property
    def architecture(self) -> Architecture:
        return Architecture(**json.loads((self.folder / "architecture.json").read_text()))


def lay_out(folder: Path, architecture: Architecture) -> None:
    """Write a checkpoint as upstream's trainer does, a vocoder's folder and a spoken recording."""
    laid = Laid(folder)
    (folder / "architecture.json").write_text(json.dumps(asdict(architecture)))
    network = {name: torch.randn(shape).mul_(0.03) for name, shape in shapes(architecture).items()}
    network[ROTARY_FREQUENCIES] = frequencies(architecture.dim_head)
    extras = {"initted": torch.tensor([True]), "step": torch.tensor([1])}
    save_file({f"ema_model.{name}": tensor for name, tensor in network.items()} | extras, laid.weights)
    (folder / "vocos").mkdir()
    (folder / "vocos/config.yaml").write_text(yaml.safe_dump(VOCOS))
    save_file(upstream_vocoder(laid).state_dict(), folder / "vocos/model.safetensors")
    speech = subprocess.run(
        ["espeak-ng", "-v", "pt-br", "--stdout", SAID], stdout=subprocess.PIPE, check=True
    )
    laid.recording.write_bytes(speech.stdout)


def upstream_vocoder(laid: Laid) -> Any:
    return UpstreamVocos.from_hparams(str(laid.folder / "vocos/config.yaml")).eval()


def another_recording(laid: Laid, number: int) -> Path:
    """The same speech as no cache knows it."""
    samples, rate = loaded(laid.recording)
    samples[0] = number / 100 + 0.01
    return stored(laid.folder / f"another-{number}.wav", samples, rate)


def loaded(path: Path) -> tuple[torch.Tensor, int]:
    samples, rate = soundfile.read(path, dtype="float32")
    return torch.from_numpy(soxr.resample(samples, rate, 24_000)), 24_000


def stored(path: Path, samples: torch.Tensor, rate: int) -> Path:
    soundfile.write(path, samples.numpy(), rate, subtype="PCM_16")
    return path

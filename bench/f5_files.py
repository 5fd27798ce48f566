"""The files that F5-TTS is measured with: a folder as docs/f5.md has it, with random weights, and voices."""

import json
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import soundfile
import soxr
import torch
from safetensors.torch import save_file
from vocos import Vocos as UpstreamVocos

sys.path.insert(0, "tests")

from support.vocoders import PUBLISHED, a_vocoder
from voice_server.engines.f5.architecture import ROTARY_FREQUENCIES, V0, Architecture, shapes
from voice_server.engines.f5.positions import frequencies

ABOUT = {
    "architecture": "v1", "tokenizer": "pinyin", "vocabulary": "vocab.txt", "vocoder": "vocos", "licence": "CC0-1.0",
    "language": "pt-BR",
}  # fmt: skip
SAID = "Esta voz conta de um a dez, e depois disso fica quieta. "
VOCABULARY = Path(str(files("f5_tts").joinpath("infer/examples/vocab.txt")))


@dataclass(frozen=True)
class Laid:
    """The files of a folder."""

    folder: Path

    @property
    def weights(self) -> Path:
        return self.folder / "model.safetensors"

    @property
    def voices(self) -> Path:
        return self.folder / "voices"

    @property
    def recording(self) -> Path:
        return self.voices / "recording.wav"

    @property
    def architecture(self) -> Architecture:
        return Architecture(**json.loads((self.folder / "architecture.json").read_text()))

    @property
    def v0(self) -> Architecture:
        """The same tensors, read as the older variant."""
        return replace(
            self.architecture, text_mask_padding=V0.text_mask_padding, pe_attn_head=V0.pe_attn_head
        )


def lay_out(folder: Path, architecture: Architecture) -> None:
    """Write a checkpoint as upstream's trainer does, what is declared of it, a vocoder's folder and a voice."""
    laid = Laid(folder)
    (folder / "architecture.json").write_text(json.dumps(asdict(architecture)))
    network = {name: torch.randn(shape).mul_(0.03) for name, shape in shapes(architecture).items()}
    network[ROTARY_FREQUENCIES] = frequencies(architecture.dim_head)
    extras = {"initted": torch.tensor([True]), "step": torch.tensor([1])}
    save_file({f"ema_model.{name}": tensor for name, tensor in network.items()} | extras, laid.weights)
    (folder / "model.safetensors.json").write_text(json.dumps(ABOUT))
    shutil.copy(VOCABULARY, folder / "vocab.txt")
    a_vocoder(folder / "vocos", PUBLISHED)
    speech = subprocess.run(
        ["espeak-ng", "-v", "pt-br", "--stdout", SAID], stdout=subprocess.PIPE, check=True
    )
    laid.voices.mkdir()
    laid.recording.write_bytes(speech.stdout)
    laid.recording.with_suffix(".txt").write_text(SAID)


def upstream_vocoder(laid: Laid) -> Any:
    return UpstreamVocos.from_hparams(str(laid.folder / "vocos/config.yaml")).eval()


def another_voice(laid: Laid, number: int, kind: str = "wav") -> Path:
    """The same speech as no cache knows it, with its words beside it."""
    samples, rate = soundfile.read(laid.recording, dtype="float32")
    samples[0] = number / 100 + 0.01
    path = laid.voices / f"{kind}-{number}.{kind}"
    path.with_suffix(".txt").write_text(SAID)
    soundfile.write(path, samples, rate, subtype="PCM_16")
    return path


def loaded(path: Path) -> tuple[torch.Tensor, int]:
    samples, rate = soundfile.read(path, dtype="float32")
    return torch.from_numpy(soxr.resample(samples, rate, 24_000)), 24_000


def stored(path: Path, samples: torch.Tensor, rate: int) -> Path:
    soundfile.write(path, samples.numpy(), rate, subtype="PCM_16")
    return path

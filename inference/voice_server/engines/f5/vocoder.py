"""From mel to sound: Vocos (arXiv 2306.00814) by its own package, or Griffin-Lim where its weights are missing."""

from pathlib import Path
from typing import Any, Protocol

import torch
import yaml
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torchaudio import transforms
from vocos.heads import ISTFTHead
from vocos.models import VocosBackbone

from voice_server.engines.f5.mel import BANDS, HOP, SAMPLE_RATE, WINDOW

CONFIG = "config.yaml"
WEIGHTS = "model.safetensors"
_PARTS: dict[str, tuple[str, type[nn.Module]]] = {
    "backbone": ("vocos.models.VocosBackbone", VocosBackbone),
    "head": ("vocos.heads.ISTFTHead", ISTFTHead),
}
_EXTRACTOR = "feature_extractor."
"""Weights of the way from sound to mel, which is not gone here."""


class VocoderError(Exception):
    """The folder of a vocoder cannot be used; the message says which file and why."""


class Vocoder(Protocol):
    def __call__(self, mel: Tensor) -> Tensor:
        """[frames, 100], as `mel.mel` gives it -> [256 x (frames - 1)] samples at 24 kHz, on the CPU.

        One at a time, at its own length: what comes out depends on nothing else. Of one frame as of two alike.
        """


class Vocos:
    def __init__(self, folder: Path, device: torch.device | str = "cpu") -> None:
        """The vocoder of a folder with vocos' `config.yaml` and its weights as `model.safetensors`; VocoderError."""
        config = _config(folder / CONFIG)
        with torch.device("meta"):
            parts = nn.ModuleDict({name: _part(name, config, folder / CONFIG) for name in _PARTS})
        _fill(parts, folder / WEIGHTS)
        self._parts = parts.eval()
        self.move(device)

    def move(self, device: torch.device | str) -> None:
        """Speak on this device from now on."""
        self._device = torch.device(device)
        self._parts.to(self._device)

    def __call__(self, mel: Tensor) -> Tensor:
        with torch.inference_mode():
            features = _at_least(2, mel).T[None].to(self._device, torch.float32)
            sound: Tensor = self._parts["head"](self._parts["backbone"](features))
            return sound[0].cpu()


class GriffinLim:
    """Sound whose mel is about the one asked for, by trying phases (IEEE TASSP 32(2), 1984): much like a tin."""

    def __init__(self) -> None:
        self._linear = transforms.InverseMelScale(WINDOW // 2 + 1, n_mels=BANDS, sample_rate=SAMPLE_RATE)
        self._phases = transforms.GriffinLim(WINDOW, n_iter=32, hop_length=HOP, power=1, rand_init=False)

    def __call__(self, mel: Tensor) -> Tensor:
        with torch.inference_mode():
            magnitudes = _at_least(WINDOW // HOP, mel).T.float().cpu().exp()
            sound: Tensor = self._phases(self._linear(magnitudes))
            return sound[: HOP * max(1, len(mel) - 1)]


def _at_least(frames: int, mel: Tensor) -> Tensor:
    """The same mel, its last frame going on where there are too few."""
    missing = max(0, frames - len(mel))
    return torch.cat((mel, mel[-1:].expand(missing, -1)))


def _config(path: Path) -> dict[str, Any]:
    try:
        config = yaml.safe_load(path.read_text())
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise VocoderError(f"{path} cannot be read: {error}") from error
    if not isinstance(config, dict):
        raise VocoderError(
            f"{path} is not a config of vocos: write feature_extractor, backbone and head into it"
        )
    return config


def _part(name: str, config: dict[str, Any], path: Path) -> nn.Module:
    # vocos would import and call whatever the file names.
    known, build = _PARTS[name]
    try:
        described = config[name]
        asked, arguments = described["class_path"], described["init_args"]
        if asked != known:
            raise VocoderError(f"{path}: {name} is {asked}, but only {known} is known")
        return build(**arguments)
    except (KeyError, TypeError, ValueError) as error:
        raise VocoderError(f"{path}: {name} cannot be built: {error!r}") from error


def _fill(parts: nn.ModuleDict, path: Path) -> None:
    try:
        tensors = load_file(path)
    except FileNotFoundError as error:
        raise VocoderError(
            f"{path} is missing; write vocos' weights there, converted from its pytorch_model.bin"
        ) from error
    except (OSError, SafetensorError) as error:
        raise VocoderError(f"{path} cannot be read: {error}") from error
    needed = {name: tensor for name, tensor in tensors.items() if not name.startswith(_EXTRACTOR)}
    try:
        parts.load_state_dict(needed, assign=True)
    except RuntimeError as error:
        raise VocoderError(f"{path} does not fit its config: {error}") from error

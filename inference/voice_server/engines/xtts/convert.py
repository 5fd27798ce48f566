"""A one-off tool, run outside the pod: XTTS v2's pickled files written as safetensors.

    python -m voice_server.engines.xtts.convert FOLDER OUTPUT

Only tensors and plain values are read from the pickles: torch refuses anything else in them.
"""

import argparse
import pickle
import shutil
import sys
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

_COPIED = ("config.json", "vocab.json")
_TRAINING = ("torch_mel_spectrogram_style_encoder.", "torch_mel_spectrogram_dvae.", "dvae.")
_TWINS = ("gpt.gpt_inference.", "gpt.gpt.wte.")
"""The same weights once more, under the names that they have while XTTS speaks."""
_CLASSES = {
    "TTS.tts.models.xtts": ("XttsArgs", "XttsAudioConfig"),
    "TTS.tts.configs.xtts_config": ("XttsArgs", "XttsAudioConfig", "XttsConfig"),
    "TTS.config.shared_configs": ("BaseDatasetConfig", "BaseAudioConfig"),
}


class ConversionError(Exception):
    """A file cannot be converted; the message names it and says why."""


class _Settings:
    """Stands for the configuration classes that the original checkpoint holds: nothing of theirs is run."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Convert as the command line says; 0, or 2 after saying what is wrong."""
    parser = argparse.ArgumentParser(prog="voice_server.engines.xtts.convert", description=__doc__)
    parser.add_argument(
        "folder", type=Path, help="with config.json, model.pth, vocab.json, speakers_xtts.pth"
    )
    parser.add_argument("output", type=Path, help="a new folder, to be mounted in the pod")
    told = parser.parse_args(arguments)
    try:
        convert(told.folder, told.output)
    except (ConversionError, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    return 0


def convert(folder: Path, output: Path) -> None:
    """Write the model in `folder` to `output` without pickle; ConversionError or OSError when that fails."""
    weights = _weights(_unpickled(folder / "model.pth"))
    speakers = folder / "speakers_xtts.pth"
    voices = _speakers(_unpickled(speakers)) if speakers.is_file() else {}
    output.mkdir(parents=True, exist_ok=True)
    for name in _COPIED:
        shutil.copyfile(folder / name, output / name)
    save_file(weights, output / "model.safetensors")
    if voices:
        save_file(voices, output / "speakers.safetensors")


def voice_name(name: str) -> str:
    """A speaker's name as a request may write it: "Ana Florência" is Ana-Florencia."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return "-".join(plain.split())


def _unpickled(path: Path) -> dict[str, Any]:
    stand_ins: list[Callable[..., Any] | tuple[Callable[..., Any], str]] = [
        (_Settings, f"{module}.{name}") for module, names in _CLASSES.items() for name in names
    ]
    try:
        with torch.serialization.safe_globals(stand_ins):
            read = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise ConversionError(f"{path}: refused: {str(error).splitlines()[0]}") from error
    if not isinstance(read, dict):
        raise ConversionError(f"{path}: holds a {type(read).__name__}, not a dictionary of tensors")
    return read


def _weights(checkpoint: dict[str, Any]) -> dict[str, Tensor]:
    state = checkpoint.get("model", checkpoint)
    named = {name.removeprefix("xtts."): each for name, each in state.items() if isinstance(each, Tensor)}
    return {
        _renamed(name): each.contiguous().clone()
        for name, each in named.items()
        if not name.startswith((*_TRAINING, *_TWINS))
    }


def _renamed(name: str) -> str:
    """Weight normalisation's tensors by the names that torch gives them today."""
    for old, new in (("weight_g", "original0"), ("weight_v", "original1")):
        if name.endswith(f".{old}"):
            return f"{name.removesuffix(old)}parametrizations.weight.{new}"
    return name


def _speakers(speakers: dict[str, Any]) -> dict[str, Tensor]:
    named = {voice_name(name): each for name, each in speakers.items()}
    latents = {f"{name}.latents": each["gpt_cond_latent"].contiguous() for name, each in named.items()}
    embeddings = {f"{name}.embedding": each["speaker_embedding"].contiguous() for name, each in named.items()}
    return latents | embeddings


if __name__ == "__main__":
    sys.exit(main())

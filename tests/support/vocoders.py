"""Folders of Vocos, as F5 is served with them: its form as it was published, random weights, any size."""

from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors.torch import save_file
from vocos import Vocos

Config = dict[str, dict[str, Any]]


def a_config(dim: int, intermediate_dim: int, num_layers: int) -> Config:
    """`config.yaml` for a backbone of that size: mels of 100 bands at 24 kHz, a frame every 256 samples."""
    spectrum = {"n_fft": 1024, "hop_length": 256, "padding": "center"}
    size = {"dim": dim, "intermediate_dim": intermediate_dim, "num_layers": num_layers}
    return {
        "feature_extractor": {
            "class_path": "vocos.feature_extractors.MelSpectrogramFeatures",
            "init_args": {"sample_rate": 24_000, "n_mels": 100, **spectrum},
        },
        "backbone": {
            "class_path": "vocos.models.VocosBackbone",
            "init_args": {"input_channels": 100, **size},
        },
        "head": {"class_path": "vocos.heads.ISTFTHead", "init_args": {"dim": dim, **spectrum}},
    }


TINY = a_config(32, 48, 2)
PUBLISHED = a_config(512, 1536, 8)
"""The size of vocos-mel-24khz."""


def a_vocoder(folder: Path, config: Config) -> None:
    """The folder, with the same weights each time."""
    folder.mkdir()
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    torch.manual_seed(0)
    save_file(Vocos.from_hparams(str(folder / "config.yaml")).state_dict(), folder / "model.safetensors")

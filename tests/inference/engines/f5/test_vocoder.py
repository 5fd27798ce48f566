"""Vocos from a folder sounds as its package makes it sound; a folder that is not one is refused with the reason."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file
from vocos import Vocos as UpstreamVocos

from support.vocoders import PUBLISHED, TINY, Config, a_vocoder
from voice_server.engines.f5.mel import BANDS, mel
from voice_server.engines.f5.vocoder import GriffinLim, Vocoder, VocoderError, Vocos


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    a_vocoder(tmp_path / "vocos", TINY)
    return tmp_path / "vocos"


def upstream(folder: Path) -> UpstreamVocos:
    model = UpstreamVocos.from_hparams(str(folder / "config.yaml"))
    model.load_state_dict(load_file(folder / "model.safetensors"))
    return model.eval()


def tone(pitch: float, seconds: float = 1.0) -> torch.Tensor:
    return 0.5 * torch.sin(2 * torch.pi * pitch * torch.arange(int(24_000 * seconds)) / 24_000)


def loudest(sound: torch.Tensor) -> float:
    """The loudest pitch, in Hz."""
    return float(torch.fft.rfft(sound).abs().argmax()) * 24_000 / len(sound)


@pytest.mark.parametrize("config", [TINY, PUBLISHED])
def test_vocos_sounds_as_its_package_makes_it_sound(config: Config, tmp_path: Path) -> None:
    folder = tmp_path / "vocos"
    a_vocoder(folder, config)
    features = mel(tone(440))

    theirs = upstream(folder).decode(features.T[None])[0]

    assert torch.equal(Vocos(folder)(features), theirs)


def test_a_tone_survives_griffin_lim() -> None:
    assert loudest(GriffinLim()(mel(tone(440)))) == pytest.approx(440, rel=0.05)


def test_griffin_lim_gives_the_same_sound_again() -> None:
    vocoder = GriffinLim()
    features = mel(tone(440, 0.2))

    assert torch.equal(vocoder(features), vocoder(features))


@pytest.mark.parametrize("frames", [1, 2, 3, 50])
def test_frames_become_samples(folder: Path, frames: int) -> None:
    features = torch.zeros(frames, BANDS)
    vocoders: list[Vocoder] = [Vocos(folder), GriffinLim()]

    for vocoder in vocoders:
        sound = vocoder(features)
        assert sound.shape == (256 * max(1, frames - 1),)
        assert sound.isfinite().all()


def changed(path: str, value: Any) -> Callable[[Path], None]:
    part, _, key = path.partition(".")

    def change(folder: Path) -> None:
        parts = {name: dict(described) for name, described in TINY.items()}
        parts[part][key] = value
        (folder / "config.yaml").write_text(yaml.safe_dump(parts))

    return change


def written(name: str, content: bytes) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return write


def without(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (without("config.yaml"), r"config\.yaml cannot be read"),
        (written("config.yaml", b"{"), r"config\.yaml cannot be read"),
        (written("config.yaml", b"\xff"), r"config\.yaml cannot be read"),
        (written("config.yaml", b"- a list"), "is not a config of vocos"),
        (written("config.yaml", b"backbone: 1"), "backbone cannot be built"),
        (written("config.yaml", b"head: {}"), "backbone cannot be built: KeyError"),
        (
            changed("backbone.class_path", "os.system"),
            "backbone is os.system, but only vocos.models.VocosBackbone",
        ),
        (changed("backbone.init_args", {"dim": 32}), "backbone cannot be built: TypeError"),
        (
            changed("backbone.init_args", {**TINY["backbone"]["init_args"], "dim": 16}),
            "does not fit its config",
        ),
        (changed("backbone.init_args", {**TINY["backbone"]["init_args"], "num_layers": 3}), "Missing key"),
        (without("model.safetensors"), r"converted from its pytorch_model\.bin"),
        (written("model.safetensors", b"torn"), r"model\.safetensors cannot be read"),
    ],
)
def test_a_folder_that_is_none_is_refused(
    folder: Path, break_it: Callable[[Path], None], message: str
) -> None:
    break_it(folder)

    with pytest.raises(VocoderError, match=message):
        Vocos(folder)

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from TTS.tts.models.xtts import Xtts as Upstream

from support.xtts import a_checkpoint
from voice_server.engines.base import EngineError
from voice_server.engines.xtts import checkpoint
from voice_server.engines.xtts.checkpoint import WEIGHTS_FILE, Model
from voice_server.engines.xtts.engine import create

CPU = torch.device("cpu")
KEY = "gpt.gpt.h.0.ln_1.weight"


@pytest.fixture
def copy(folder: Path, upstream: Upstream, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "model"))


def change(folder: Path, change: Callable[[dict[str, Tensor]], Any]) -> None:
    tensors = load_file(folder / WEIGHTS_FILE)
    change(tensors)
    save_file(tensors, folder / WEIGHTS_FILE)


def test_no_weight_is_left_unread_or_without_a_value(model: Model, folder: Path) -> None:
    parts = [*model.gpt.parameters(), *model.decoder.parameters()]

    assert not any(each.is_meta for each in parts)
    assert not any(each.requires_grad for each in parts)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (lambda tensors: tensors.pop(KEY), f"1 missing: {KEY}"),
        (lambda tensors: tensors.update(step=torch.ones(1)), "1 unexpected: step"),
        (
            lambda tensors: tensors.update({KEY: torch.ones(3)}),
            rf"of another shape: {KEY} \[3\] instead of \[64\]",
        ),
        (lambda tensors: tensors[KEY].fill_(torch.nan), f"1 not finite: {KEY}"),
        (lambda tensors: tensors.update({KEY: tensors[KEY].double() * 1e300}), f"1 not finite: {KEY}"),
        (
            lambda tensors: tensors.update({KEY: tensors[KEY].int()}),
            rf"of another type: {KEY} torch\.int32 instead of torch\.float32",
        ),
        (
            lambda tensors: tensors.pop("hifigan_decoder.waveform_decoder.conv_pre.bias"),
            "does not hold XTTS v2",
        ),
    ],
)
def test_a_tensor_that_is_not_as_it_must_be_is_named(
    copy: Path, changed: Callable[..., Any], said: str
) -> None:
    change(copy, changed)

    with pytest.raises(EngineError, match=said):
        checkpoint.load(copy, CPU)


@pytest.mark.parametrize("stored", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
async def test_weights_stored_in_any_precision_are_spoken_with_as_floats(
    tmp_path: Path, stored: torch.dtype
) -> None:
    largest = min(torch.finfo(stored).max, torch.finfo(torch.float32).max)

    def store(tensors: dict[str, Tensor]) -> None:
        tensors["mel_stats"].fill_(largest)  # each of them finite, their sum is not
        for name, each in tensors.items():
            tensors[name] = each.to(stored) if each.is_floating_point() else each

    a_checkpoint(tmp_path, tokens=20)
    change(tmp_path, store)

    await create({"VOICE_ALLOW_NONCOMMERCIAL": "true", "VOICE_MODEL_PATH": str(tmp_path)}).warm_up()

    assert checkpoint.load(tmp_path, CPU).mel_norms.equal(torch.full((80,), largest))


def test_of_many_faults_some_are_named_and_all_are_counted(copy: Path) -> None:
    change(copy, lambda tensors: [tensors.pop(name) for name in list(tensors) if ".attn." in name])

    with pytest.raises(EngineError, match=r"\d\d missing: .* and \d+ more"):
        checkpoint.load(copy, CPU)


def test_a_pickle_is_refused_with_the_command_that_converts_it(copy: Path) -> None:
    (copy / WEIGHTS_FILE).rename(copy / "model.pth")

    with pytest.raises(
        EngineError, match=r"model\.pth would run code when read\); write it with `python -m .*convert"
    ):
        checkpoint.load(copy, CPU)


@pytest.mark.parametrize("name", [WEIGHTS_FILE, "config.json", "vocab.json"])
def test_a_file_that_is_missing_is_named(copy: Path, name: str) -> None:
    (copy / name).unlink()

    with pytest.raises(EngineError, match=name):
        checkpoint.load(copy, CPU)


@pytest.mark.parametrize("name", [WEIGHTS_FILE, "config.json", "vocab.json"])
def test_a_torn_file_is_named(copy: Path, name: str) -> None:
    whole = (copy / name).read_bytes()
    (copy / name).write_bytes(whole[: len(whole) // 2])

    with pytest.raises(EngineError, match=name):
        checkpoint.load(copy, CPU)


def test_a_wrong_field_of_the_configuration_is_named(copy: Path) -> None:
    told = json.loads((copy / "config.json").read_text())
    told["model_args"]["gpt_layers"] = "many"
    (copy / "config.json").write_text(json.dumps(told))

    with pytest.raises(EngineError, match=r"config\.json: model_args\.gpt_layers: "):
        checkpoint.load(copy, CPU)


def test_what_the_configuration_says_of_sampling_wins_over_defaults(copy: Path) -> None:
    told = json.loads((copy / "config.json").read_text()) | {"repetition_penalty": 5.0, "gpt_cond_len": 30}
    (copy / "config.json").write_text(json.dumps(told))

    settings = checkpoint.load(copy, CPU).config

    assert (settings.repetition_penalty, settings.gpt_cond_len) == (5.0, 30)

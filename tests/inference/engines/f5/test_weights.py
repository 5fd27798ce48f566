"""Tensors are the file's own memory: nothing is copied, and what is let go is given back."""

import json
import math
import struct
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from support.checkpoints import of, write
from support.f5 import TINY_V1, random_weights
from voice_server.engines.f5.checkpoint import Checkpoint, CheckpointError
from voice_server.engines.f5.weights import Weights

PLACE = "transformer.transformer_blocks.1.ff.ff.2.bias"


def mappings(path: Path) -> int:
    return Path("/proc/self/maps").read_text().count(str(path))


def test_the_numbers_are_those_that_were_saved(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    saved = random_weights(TINY_V1)
    write(path, of(saved))

    weights = Weights(Checkpoint.open(path))

    assert set(weights) == set(saved)
    assert len(weights) == len(saved)
    assert all(torch.equal(weights[name], saved[name]) for name in saved)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_halves_stay_halves(tmp_path: Path, dtype: torch.dtype) -> None:
    path = tmp_path / "model.safetensors"
    save_file({name: tensor.to(dtype) for name, tensor in random_weights(TINY_V1).items()}, path)

    weights = Weights(Checkpoint.open(path))

    assert all(torch.equal(weights[name], tensor) for name, tensor in load_file(path).items())
    assert weights[PLACE].dtype == dtype


def test_numbers_may_lie_at_any_byte(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    header = json.dumps({PLACE: {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}).encode()
    header += b" " * ((len(header) + 1) % 2)
    path.write_bytes(struct.pack("<Q", len(header)) + header + struct.pack("<4f", 0, 1, 2, 3))

    assert Weights(Checkpoint.open(path))[PLACE].tolist() == [0, 1, 2, 3]


def test_a_tensor_is_unmapped_when_it_is_let_go(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    write(path, of(random_weights(TINY_V1)))
    weights = Weights(Checkpoint.open(path))

    tensor = weights[PLACE]
    part = tensor[1:]
    assert mappings(path) == 1
    del tensor
    assert mappings(path) == 1
    del part
    assert mappings(path) == 0


def test_writing_to_a_tensor_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    write(path, of(random_weights(TINY_V1)))
    before = path.read_bytes()
    weights = Weights(Checkpoint.open(path))

    weights[PLACE].zero_()

    assert path.read_bytes() == before
    assert weights[PLACE].count_nonzero() > 0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("at", [0, 17, -1])
def test_values_that_are_no_numbers_are_refused_by_name(tmp_path: Path, value: float, at: int) -> None:
    saved = random_weights(TINY_V1)
    saved[PLACE][at] = value
    path = tmp_path / "model.safetensors"
    write(path, of(saved))

    with pytest.raises(CheckpointError, match=f"{PLACE} holds NaN or infinite values"):
        Weights(Checkpoint.open(path))[PLACE]

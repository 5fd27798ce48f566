"""A file is opened by its header alone, and refused with a way out when it is not what f5-tts leaves behind."""

import hashlib
import json
import struct
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from support.checkpoints import of, random_tensors, write
from support.f5 import TINY_V0, TINY_V1, random_weights, upstream
from voice_server.engines.f5.architecture import ROTARY_FREQUENCIES, Architecture, shapes
from voice_server.engines.f5.checkpoint import Checkpoint, CheckpointError
from voice_server.engines.f5.structure import architecture_of

LEGACY = ("mel_spec.mel_stft.mel_scale.fb", "mel_spec.mel_stft.spectrogram.window")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    write(path, random_tensors(TINY_V1))
    return path


@pytest.mark.parametrize("architecture", [TINY_V0, TINY_V1])
def test_what_upstream_saves_is_read_without_a_key_too_many_or_too_few(
    tmp_path: Path, architecture: Architecture
) -> None:
    cfm = upstream(random_weights(architecture), architecture)
    saved = {f"ema_model.{name}": tensor for name, tensor in cfm.state_dict().items()}
    legacy = {f"ema_model.{name}": torch.zeros(3) for name in LEGACY}
    average = {"initted": torch.tensor([True]), "step": torch.tensor([1250])}
    path = tmp_path / "model_1250.safetensors"
    save_file(saved | legacy | average, path)

    checkpoint = Checkpoint.open(path)

    assert checkpoint.shapes.keys() == shapes(architecture).keys() | {ROTARY_FREQUENCIES}
    assert checkpoint.skipped == tuple(sorted((*legacy, "initted", "step")))
    assert architecture_of(checkpoint, like=architecture) == architecture


def test_a_model_that_is_no_moving_average_has_no_prefix(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    write(path, of(random_weights(TINY_V1), prefix=""))

    assert Checkpoint.open(path).shapes == shapes(TINY_V1)


def test_average_and_model_in_one_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    weights = random_weights(TINY_V1)
    write(path, [*of(weights), *of(weights, prefix="")])

    with pytest.raises(CheckpointError, match=f"{len(weights)} tensors are there with and without"):
        Checkpoint.open(path)


@pytest.mark.parametrize("name", ["model.pt", "model.safetensors"])
def test_a_pickle_is_never_opened_and_the_way_out_works(tmp_path: Path, name: str) -> None:
    weights = random_weights(TINY_V1)
    path = tmp_path / name
    torch.save({"ema_model_state_dict": {f"ema_model.{key}": value for key, value in weights.items()}}, path)

    with pytest.raises(CheckpointError, match="a PyTorch pickle can run code") as refusal:
        Checkpoint.open(path)
    (_, command) = str(refusal.value).splitlines()
    exec(command.partition('"')[2].rpartition('"')[0], {})

    assert Checkpoint.open(tmp_path / "model.safetensors").shapes == shapes(TINY_V1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "run: git lfs pull"),
        (b"<!DOCTYPE html><html>404</html>", "not an undamaged safetensors file"),
        (b"", "not an undamaged safetensors file"),
        (struct.pack("<Q", 2**62) + b"{}", "not an undamaged safetensors file"),
        (struct.pack("<Q", 2) + b"[]", "not an undamaged safetensors file"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)

    with pytest.raises(CheckpointError, match=message):
        Checkpoint.open(path)


def test_a_file_that_was_not_fetched_to_its_end_is_refused(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(CheckpointError, match="fetch it again"):
        Checkpoint.open(path)


def test_a_path_without_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="No such file or directory; write the path"):
        Checkpoint.open(tmp_path / "none.safetensors")
    with pytest.raises(CheckpointError, match="Is a directory; write the path"):
        Checkpoint.open(tmp_path)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_header_is_an_accident(tmp_path: Path, data: st.DataObject) -> None:
    described = st.fixed_dictionaries(
        {},
        optional={
            "dtype": st.sampled_from(["F32", "I64", "F4", "Q7", 3]),
            "shape": st.one_of(st.none(), st.lists(st.integers(-1, 2**62), max_size=3)),
            "data_offsets": st.one_of(st.none(), st.lists(st.integers(-1, 2**62), max_size=3)),
            "more": st.none(),
        },
    )
    name = st.sampled_from(["__metadata__", "initted", "ema_model.transformer.proj_out.weight", "x"])
    header = json.dumps(data.draw(st.dictionaries(name, described))).encode()
    path = tmp_path / "model.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(data.draw(st.integers(0, 16))))

    with pytest.raises(CheckpointError):
        architecture_of(Checkpoint.open(path), like=TINY_V1)


def test_the_digest_is_that_of_the_whole_file(path: Path) -> None:
    assert Checkpoint.open(path).digest() == hashlib.sha256(path.read_bytes()).hexdigest()

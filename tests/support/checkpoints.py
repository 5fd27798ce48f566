"""Checkpoints on the disk, written tensor by tensor: the true names and shapes of an architecture, random numbers.

As input: an architecture, or tensors that a test made. As output: a .safetensors file as f5-tts's trainer leaves it,
bare `initted` and `step` included, with a sidecar and a vocabulary beside it.
"""

import json
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from voice_server.engines.f5.architecture import ROTARY_FREQUENCIES, Architecture, shapes
from voice_server.engines.f5.positions import frequencies

Numbers = NDArray[Any]
Made = tuple[str, tuple[int, ...], str, Callable[[], Numbers]]
"""A tensor to be written: its name, shape and type, and how to make its numbers when its turn has come."""

LETTERS = "abcdefghijklmnopqrstuvwxyzáàâãéêíóôõúç.,!?-"
_TYPES = {"F32": "<f4", "F16": "<f2", "F64": "<f8", "I64": "<i8", "BOOL": "?"}


def a_checkpoint(folder: Path, size: Architecture, **about: Any) -> Path:
    """A checkpoint that can be verified: random weights, vocabulary and sidecar; `about` changes the sidecar."""
    path = folder / "model.safetensors"
    write(path, random_tensors(size))
    write_vocabulary(folder / "vocab.txt", size.text_num_embeds)
    write_sidecar(path, **about)
    return path


def write_sidecar(path: Path, **about: Any) -> None:
    """A whole sidecar with these fields instead of the usual; None leaves one out."""
    usual = {
        "architecture": "v1",
        "tokenizer": "pinyin",
        "vocabulary": "vocab.txt",
        "vocoder": "vocos",
        "licence": "CC-BY-NC-4.0",
        "language": "pt-BR",
    }
    told = {name: value for name, value in (usual | about).items() if value is not None}
    path.with_name(f"{path.name}.json").write_text(json.dumps(told), encoding="utf-8")


def write_vocabulary(path: Path, size: int) -> None:
    """A space, the letters of pt-BR, and as many others as make up the size."""
    others = (f"zz{number}" for number in range(size))
    path.write_text("".join(f"{token}\n" for token in [" ", *LETTERS, *others][:size]), encoding="utf-8")


def random_tensors(architecture: Architecture) -> Iterator[Made]:
    """Every tensor as the trainer names it; numbers repeat after a million, so that a gigabyte takes a second."""
    drawn = np.random.default_rng(7).standard_normal(1_000_003, np.float32) * np.float32(0.02)
    for name, shape in shapes(architecture).items():
        yield f"ema_model.{name}", shape, "F32", partial(np.resize, drawn, prod(shape))
    angles = frequencies(architecture.dim_head)
    yield f"ema_model.{ROTARY_FREQUENCIES}", tuple(angles.shape), "F32", angles.numpy
    yield "initted", (), "BOOL", lambda: np.array([True])
    yield "step", (), "I64", lambda: np.array([1_250_000])


def of(tensors: Mapping[str, torch.Tensor], prefix: str = "ema_model.") -> Iterator[Made]:
    """Tensors of a test, as the trainer names them."""
    for name, tensor in tensors.items():
        kind = {torch.float32: "F32", torch.float16: "F16", torch.float64: "F64"}[tensor.dtype]
        yield f"{prefix}{name}", tuple(tensor.shape), kind, tensor.contiguous().numpy


def write(path: Path, tensors: Iterable[Made]) -> None:
    """A safetensors file: 8 bytes with the header's length, the header in JSON, the numbers one after the other."""
    made = list(tensors)
    header: dict[str, Any] = {}
    end = 0
    for name, shape, kind, _ in made:
        start, end = end, end + prod(shape) * np.dtype(_TYPES[kind]).itemsize
        header[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [start, end]}
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(head)) + head)
        for _, _, kind, numbers in made:
            file.write(np.ascontiguousarray(numbers(), _TYPES[kind]).data)

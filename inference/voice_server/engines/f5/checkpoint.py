"""A safetensors file of F5-TTS, opened without reading its numbers: names, shapes, and what does not belong."""

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

PREFIX = "ema_model."
NO_WEIGHTS = frozenset({"initted", "step"})
"""What the trainer's moving average keeps beside the weights."""
NO_NETWORK = "mel_spec."
"""Window and filters of the spectrogram, which early releases stored and none reads."""

_PICKLES = (b"PK\x03\x04", b"\x80\x02")
_POINTER = b"version https://git-lfs"


class CheckpointError(Exception):
    """The checkpoint cannot be served; the message says what is wrong, where, and what to write instead."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a tensor lies: `dtype` as safetensors names it, `start` in bytes from the file's beginning."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The tensors of one file by their names without `ema_model.`; `skipped` are known to be of no use."""

    path: Path
    entries: Mapping[str, Entry]
    skipped: tuple[str, ...]

    @classmethod
    def open(cls, path: Path) -> "Checkpoint":
        """The file's contents by its header; CheckpointError unless it is an undamaged safetensors file."""
        _refuse_others(path)
        found = _entries(path)
        skipped = tuple(sorted(name for name in found if _is_skipped(name)))
        kept = {name: entry for name, entry in found.items() if name not in skipped}
        return cls(path, _without_prefix(kept), skipped)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {name: entry.shape for name, entry in self.entries.items()}

    @property
    def parameters(self) -> int:
        return sum(prod(entry.shape) for entry in self.entries.values())

    def digest(self) -> str:
        """The file's SHA-256 in hexadecimal digits, read piece by piece."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def _refuse_others(path: Path) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except OSError as error:
        raise CheckpointError(f"{path}: {error.strerror}; write the path of a .safetensors file") from error
    if start.startswith(_PICKLES) or path.suffix in {".pt", ".pth", ".ckpt"}:
        raise CheckpointError(_PICKLE.format(path=path, to=path.with_suffix(".safetensors")))
    if start.startswith(_POINTER):
        raise CheckpointError(f"{path}: this is a Git LFS pointer, not the weights; run: git lfs pull")


_PICKLE = """\
{path}: a PyTorch pickle can run code when it is opened; only .safetensors is read. Where you trust the file, run:
  python -c "import torch; from safetensors.torch import save_file; \
state = torch.load('{path}', 'cpu', weights_only=True)['ema_model_state_dict']; \
save_file({{name: each.contiguous() for name, each in state.items()}}, '{to}')" """.rstrip()


def _entries(path: Path) -> dict[str, Entry]:
    try:
        with safe_open(path, framework="numpy"):  # refuses a damaged header, holes, overlaps and a short file
            pass
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{path}: not an undamaged safetensors file ({error}); fetch it again and compare its sha256"
        ) from error
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    return {name: _entry(each, 8 + length) for name, each in header.items()}


def _entry(described: Mapping[str, Any], data: int) -> Entry:
    start, end = described["data_offsets"]
    return Entry(described["dtype"], tuple(described["shape"]), data + start, end - start)


def _is_skipped(name: str) -> bool:
    return name in NO_WEIGHTS or name.removeprefix(PREFIX).startswith(NO_NETWORK)


def _without_prefix(entries: Mapping[str, Entry]) -> dict[str, Entry]:
    names = {name: name.removeprefix(PREFIX) for name in entries}
    twice = len(names) - len(set(names.values()))
    if twice:
        raise CheckpointError(
            f"{twice} tensors are there with and without {PREFIX}; keep the moving average or the model, not both"
        )
    return {names[name]: entry for name, entry in entries.items()}

"""The tensors of a checkpoint, each mapped from the file when it is asked for and unmapped when it is let go."""

import mmap
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from voice_server.engines.f5.checkpoint import Checkpoint, CheckpointError, Entry

_TYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


class Weights(Mapping[str, Tensor]):
    """Tensors by name, on the CPU, in the file's own types.

    Nothing is copied: a tensor's memory is the file's, so that it counts against no limit that the page cache does
    not, and is given back with the tensor. Writing to one changes neither the file nor the next that is asked for.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint

    def __getitem__(self, name: str) -> Tensor:
        """The tensor; CheckpointError when not all of its values are finite."""
        tensor = self._mapped(self._checkpoint.entries[name])
        least, most = torch.aminmax(tensor)
        if not (torch.isfinite(least) and torch.isfinite(most)):
            raise CheckpointError(f"{self._checkpoint.path}: {name} holds NaN or infinite values; {_DAMAGED}")
        return tensor

    def __iter__(self) -> Iterator[str]:
        return iter(self._checkpoint.entries)

    def __len__(self) -> int:
        return len(self._checkpoint.entries)

    def _mapped(self, entry: Entry) -> Tensor:
        page = entry.start - entry.start % mmap.ALLOCATIONGRANULARITY
        length = entry.start - page + entry.size
        with self._checkpoint.path.open("rb") as file:
            memory = mmap.mmap(file.fileno(), length, access=mmap.ACCESS_COPY, offset=page)
        dtype = _TYPES[entry.dtype]
        flat = torch.frombuffer(
            memory, dtype=dtype, count=entry.size // dtype.itemsize, offset=entry.start - page
        )
        return flat.view(entry.shape)


_DAMAGED = "fetch the file again, and where its sha256 is right, export an earlier step of the training"

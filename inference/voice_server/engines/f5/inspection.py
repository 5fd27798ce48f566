"""What can be said of a checkpoint without reading its numbers: in a second, and without PyTorch."""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import prod
from pathlib import Path
from typing import Any, TypeVar

from voice_server.engines.f5 import sidecar, vocabulary
from voice_server.engines.f5.architecture import V1, Architecture
from voice_server.engines.f5.checkpoint import Checkpoint, CheckpointError
from voice_server.engines.f5.sidecar import Sidecar, beside
from voice_server.engines.f5.structure import architecture_of
from voice_server.engines.f5.vocabulary import Vocabulary

_UNTOLD = {"text_mask_padding", "pe_attn_head"}
_MODULATION = (".attn_norm.linear.", ".norm_out.linear.")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Inspection:
    """A checkpoint and what is declared beside it; None is what nobody told. Good without `problems`."""

    file: str
    bytes: int
    tensors: int
    parameters: int
    types: dict[str, int]
    skipped: list[str]
    architecture: dict[str, Any] | None
    adaln_share: float
    """Of the parameters, those that depend on the time alone and need not be kept."""
    declared: dict[str, Any] | None
    vocabulary: dict[str, Any] | None
    problems: list[str]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def inspect(path: Path) -> Inspection:
    """The checkpoint at `path`; CheckpointError when it cannot be opened at all."""
    checkpoint = Checkpoint.open(path)
    problems: list[str] = []
    architecture = _tried(lambda: architecture_of(checkpoint, V1), problems)
    about = _tried(lambda: sidecar.read(path), problems) if beside(path).exists() else None
    known = None
    if about and architecture:
        size = architecture.text_num_embeds
        known = _tried(lambda: vocabulary.read(path.parent / about.vocabulary, size), problems)
    return Inspection(
        file=str(path),
        bytes=path.stat().st_size,
        tensors=len(checkpoint.entries),
        parameters=checkpoint.parameters,
        types=dict(Counter(entry.dtype for entry in checkpoint.entries.values())),
        skipped=list(checkpoint.skipped),
        architecture=_told(architecture) if architecture else None,
        adaln_share=_modulation(checkpoint) / max(1, checkpoint.parameters),
        declared=about.model_dump(mode="json") if about else None,
        vocabulary=_covered(known, about) if known and about else None,
        problems=problems,
    )


def _tried(read: Callable[[], _T], problems: list[str]) -> _T | None:
    try:
        return read()
    except CheckpointError as error:
        problems.append(str(error))
        return None


def _told(architecture: Architecture) -> dict[str, Any]:
    return {name: value for name, value in asdict(architecture).items() if name not in _UNTOLD}


def _modulation(checkpoint: Checkpoint) -> int:
    return sum(
        prod(entry.shape)
        for name, entry in checkpoint.entries.items()
        if any(part in name for part in _MODULATION)
    )


def _covered(known: Vocabulary, about: Sidecar) -> dict[str, Any]:
    return {
        "tokens": len(known),
        "missing": known.missing(about.language),
        "replaced": known.replaced(about.language),
        "cut": known.cut,
    }

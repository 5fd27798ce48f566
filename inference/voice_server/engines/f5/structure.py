"""Which network a file's tensors make up, read off their names and shapes."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from voice_server.engines.f5.architecture import (
    ROTARY_FREQUENCIES,
    Architecture,
    ArchitectureError,
    shapes,
)
from voice_server.engines.f5.checkpoint import Checkpoint, CheckpointError, Entry
from voice_server.engines.listed import first

Shape = tuple[int, ...]
LISTED = 20
FLOATS = frozenset({"F32", "F16", "BF16"})

_BLOCK = "transformer.transformer_blocks"
_TEXT_BLOCK = "transformer.text_embed.text_blocks"
_USUAL_HEAD = 64
_OTHER_BACKBONES = (("MMDiT", r"\.attn\.to_q_c\."), ("UNetT", r"^transformer\.layers\."))


@dataclass(frozen=True, slots=True)
class Differences:
    """What keeps the tensors of a file from being those of an architecture."""

    missing: tuple[str, ...]
    unknown: tuple[str, ...]
    misshaped: tuple[str, ...]
    """Each with both shapes."""
    not_float: tuple[str, ...]
    """Each with its type."""

    def __bool__(self) -> bool:
        return bool(self.missing or self.unknown or self.misshaped or self.not_float)

    def __str__(self) -> str:
        kinds = (
            ("missing", self.missing),
            ("unknown", self.unknown),
            ("of another shape", self.misshaped),
            ("of a type other than F32, F16, BF16", self.not_float),
        )
        return "; ".join(
            f"{len(names)} {kind}: {first(sorted(names), LISTED)}" for kind, names in kinds if names
        )


def architecture_of(checkpoint: Checkpoint, like: Architecture) -> Architecture:
    """The architecture `like` in the size of the checkpoint's tensors; CheckpointError if they make up none."""
    found = checkpoint.shapes
    _refuse_other_backbones(found)
    try:
        architecture = _measured(found, like)
    except ArchitectureError as error:
        raise CheckpointError(f"{checkpoint.path}: {error}") from error
    differences = compare(checkpoint.entries, architecture)
    if differences:
        raise CheckpointError(
            f"{checkpoint.path}: not the tensors of a DiT with {described(architecture)}: {differences}"
        )
    return architecture


def compare(entries: Mapping[str, Entry], architecture: Architecture) -> Differences:
    """Tensor by tensor: those of the file against those that the architecture has."""
    expected = shapes(architecture)
    if ROTARY_FREQUENCIES in entries:
        expected[ROTARY_FREQUENCIES] = (architecture.dim_head // 2,)
    common = sorted(expected.keys() & entries.keys())
    return Differences(
        missing=tuple(sorted(expected.keys() - entries.keys())),
        unknown=tuple(sorted(entries.keys() - expected.keys())),
        misshaped=tuple(
            f"{name} {list(entries[name].shape)} where {list(expected[name])} belongs"
            for name in common
            if entries[name].shape != expected[name]
        ),
        not_float=tuple(
            f"{name} {entry.dtype}" for name, entry in sorted(entries.items()) if entry.dtype not in FLOATS
        ),
    )


def described(a: Architecture) -> str:
    """All numbers that the tensors tell, for a sentence."""
    extras = (", qk_norm" if a.qk_norm else "") + (", long_skip_connection" if a.long_skip_connection else "")
    return (
        f"dim {a.dim}, depth {a.depth}, heads {a.heads} of {a.dim_head}, ff_mult {a.ff_mult}, "
        f"mel_dim {a.mel_dim}, text_num_embeds {a.text_num_embeds}, text_dim {a.text_dim}, "
        f"conv_layers {a.conv_layers}, conv_mult {a.conv_mult}{extras}"
    )


def _measured(found: Mapping[str, Shape], like: Architecture) -> Architecture:
    mel_dim, dim = _matrix(found, "transformer.proj_out.weight")
    rows, text_dim = _matrix(found, "transformer.text_embed.text_embed.weight")
    if rows == 1:
        raise ArchitectureError("transformer.text_embed.text_embed.weight has 1 row, so it knows no token")
    inner, _ = _matrix(found, f"{_BLOCK}.0.attn.to_q.weight")
    wide, _ = _matrix(found, f"{_BLOCK}.0.ff.ff.0.0.weight")
    dim_head = _dim_head(found)
    conv_layers = _count(found, _TEXT_BLOCK)
    conv_width = _matrix(found, f"{_TEXT_BLOCK}.0.pwconv1.weight")[0] if conv_layers else 0
    return replace(
        like,
        dim=dim,
        depth=_count(found, _BLOCK),
        heads=_times(inner, dim_head, "rows of to_q", "dim_head"),
        dim_head=dim_head,
        ff_mult=_times(wide, dim, "rows of ff.ff.0.0", "dim"),
        mel_dim=mel_dim,
        text_num_embeds=rows - 1,
        text_dim=text_dim,
        conv_layers=conv_layers,
        conv_mult=_times(conv_width, text_dim, "rows of pwconv1", "text_dim") if conv_layers else 2,
        qk_norm=f"{_BLOCK}.0.attn.q_norm.weight" in found,
        long_skip_connection="transformer.long_skip_connection.weight" in found,
    )


def _dim_head(found: Mapping[str, Shape]) -> int:
    halves = found.get(ROTARY_FREQUENCIES, (_USUAL_HEAD // 2,))
    return 2 * halves[0] if len(halves) == 1 else _USUAL_HEAD


def _matrix(found: Mapping[str, Shape], name: str) -> tuple[int, int]:
    match found.get(name):
        case (int(rows), int(columns)) if rows > 0 and columns > 0:
            return rows, columns
        case None:
            raise ArchitectureError(
                f"there is no {name}, so this is no DiT of F5-TTS; it has {first(sorted(found), LISTED)}"
            )
        case shape:
            raise ArchitectureError(f"{name} has the shape {list(shape)}, which should be [rows, columns]")


def _times(number: int, unit: int, what: str, of: str) -> int:
    if not unit or number % unit:
        raise ArchitectureError(f"there are {number} {what}, which is no multiple of {of} {unit}")
    return number // unit


def _count(found: Iterable[str], prefix: str) -> int:
    blocks = re.compile(rf"^{re.escape(prefix)}\.([0-9]+)\.")
    return len({match[1] for name in found if (match := blocks.match(name))})


def _refuse_other_backbones(found: Mapping[str, Shape]) -> None:
    for backbone, sign in _OTHER_BACKBONES:
        if any(re.search(sign, name) for name in found):
            raise CheckpointError(
                f"its backbone is {backbone}, and only DiT is served; write a checkpoint of F5-TTS"
            )

"""Nothing is served that differs from what is declared of it, and what is right is served."""

import hashlib
import resource
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from support.checkpoints import a_checkpoint, of, write, write_sidecar, write_vocabulary
from support.f5 import TINY_V1, random_weights
from voice_server.engines.f5.architecture import ROTARY_FREQUENCIES, V0, shapes
from voice_server.engines.f5.checkpoint import CheckpointError
from voice_server.engines.f5.inspection import inspect
from voice_server.engines.f5.tokenizer import Tokenizer
from voice_server.engines.f5.verification import verify

SIZE = replace(TINY_V1, mel_dim=100, text_num_embeds=60)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return a_checkpoint(tmp_path, SIZE)


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    """1.35 GB."""
    path = a_checkpoint(tmp_path, V0, architecture="v0", tokenizer="pinyin-jieba")
    yield path
    path.unlink()


def test_a_checkpoint_of_the_true_size_is_read_whole(full: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    verified = verify(full)
    read = {name: tuple(tensor.shape) for name, tensor in verified.weights.items()}

    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert full.stat().st_size == pytest.approx(1.35e9, rel=0.01)
    assert verified.architecture == V0
    assert read == shapes(V0) | {ROTARY_FREQUENCIES: (32,)}
    assert grown < 100 * 1024  # KiB: the largest tensor has 25 MB
    assert inspect(full).adaln_share == pytest.approx(0.417, abs=0.001)


def test_what_is_declared_is_served(path: Path) -> None:
    write_sidecar(
        path, architecture="v0", tokenizer="char", sha256=hashlib.sha256(path.read_bytes()).hexdigest()
    )

    verified = verify(path)

    assert verified.architecture == replace(SIZE, text_mask_padding=False, pe_attn_head=1)
    assert verified.tokenizer is Tokenizer.CHAR
    assert (verified.variant, verified.sidecar.licence, len(verified.vocabulary)) == (
        "v0",
        "CC-BY-NC-4.0",
        60,
    )


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"sha256": "0" * 64}, "model.safetensors.json says 0000.*; fetch it again"),
        ({"architecture": None}, 'write "architecture" and "tokenizer"'),
        ({"tokenizer": None}, 'write "architecture" and "tokenizer"'),
        ({"vocabulary": "other.txt"}, "other.txt: No such file or directory"),
        ({"language": "es"}, "'üñ¿¡' are not in it, and es needs them; write the language"),
        ({"licence": None}, "licence is missing"),
    ],
)
def test_what_differs_from_its_declaration_is_refused(
    path: Path, about: dict[str, Any], message: str
) -> None:
    write_sidecar(path, **about)

    with pytest.raises(CheckpointError, match=message):
        verify(path)


def test_a_vocabulary_of_another_training_is_refused(path: Path) -> None:
    write_vocabulary(path.with_name("vocab.txt"), 59)

    with pytest.raises(CheckpointError, match="59 tokens, but the network was trained with 60"):
        verify(path)


def test_a_letter_that_was_cut_off_is_explained(path: Path) -> None:
    lines = path.with_name("vocab.txt").read_text(encoding="utf-8").splitlines()
    lines.remove("ç")
    path.with_name("vocab.txt").write_text("\n".join([*lines, "ç"]), encoding="utf-8")

    with pytest.raises(
        CheckpointError, match=r"'ç' are not in it, .*its last line, 'ç', ends without a line feed"
    ):
        verify(path)


def test_mels_that_no_vocoder_speaks_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="its mels have 20 bands, but those of vocos have 100"):
        verify(a_checkpoint(tmp_path, replace(SIZE, mel_dim=20)))


def test_positions_that_were_rescaled_are_refused(path: Path) -> None:
    rescaled = random_weights(SIZE) | {ROTARY_FREQUENCIES: torch.full((SIZE.dim_head // 2,), 0.5)}
    write(path, of(rescaled))

    with pytest.raises(CheckpointError, match="its positions were rescaled, which is not served"):
        verify(path)

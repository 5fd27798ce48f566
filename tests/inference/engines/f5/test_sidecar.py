"""What is declared beside the weights is read strictly, and every mistake in it is named with its cure."""

from pathlib import Path

import pytest

from support.checkpoints import write_sidecar
from voice_server.engines.f5.checkpoint import CheckpointError
from voice_server.engines.f5.sidecar import EXAMPLE, Probe, Sidecar, beside, read
from voice_server.engines.f5.tokenizer import Tokenizer


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return tmp_path / "model.safetensors"


def test_what_is_declared_is_read(weights: Path) -> None:
    digest = "0123456789abcdefABCDEF" + "0" * 42
    probe = {"recording": "ana.wav", "transcript": "Bom dia."}
    write_sidecar(weights, architecture="v0", tokenizer="pinyin-jieba", sha256=digest, probe=probe)

    assert read(weights) == Sidecar(
        architecture="v0",
        tokenizer=Tokenizer.PINYIN_JIEBA,
        vocabulary="vocab.txt",
        vocoder="vocos",
        licence="CC-BY-NC-4.0",
        sha256=digest,
        language="pt-BR",
        probe=Probe(recording="ana.wav", transcript="Bom dia."),
    )


def test_how_it_was_trained_may_be_unknown(weights: Path) -> None:
    write_sidecar(weights, architecture=None, tokenizer=None)

    about = read(weights)

    assert (about.architecture, about.tokenizer) == (None, None)


def test_the_example_is_good(weights: Path) -> None:
    write_sidecar(weights, **EXAMPLE)

    assert read(weights).licence == EXAMPLE["licence"]


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"architecture": "v2"}, "architecture: input should be 'v0' or 'v1'; write \"v0\" (F5TTS_Base"),
        ({"tokenizer": "byte"}, "one of pinyin, pinyin-rjieba-0.1, pinyin-jieba, char"),
        ({"vocabulary": ""}, "vocabulary: string should have at least 1 character; write the path of"),
        ({"vocoder": "bigvgan"}, "vocoder: input should be 'vocos'; write \"vocos\", the only one"),
        ({"licence": None}, "licence is missing; write the SPDX identifier"),
        ({"sha256": "abc"}, "write 64 hexadecimal digits, as sha256sum prints them"),
        ({"language": "Português"}, "write the language it speaks, such as pt-BR"),
        ({"language": "fr"}, "language: 'fr' is not read here; write one of pt-BR, en-US, es"),
        ({"licens": "MIT"}, "licens is unknown; write licence"),
        ({"weights": "model.pt"}, "weights is unknown; leave it out"),
        ({"probe": {"recording": "ana.wav"}}, "probe.transcript is missing; write {"),
        ({"probe": {"recording": "a", "transcript": "b", "text": "c"}}, "probe.text is unknown; write {"),
        ({"language": None, "vocoder": None}, "vocoder is missing; write"),
    ],
)
def test_a_mistake_is_named_with_its_cure(weights: Path, about: dict[str, object], message: str) -> None:
    write_sidecar(weights, **about)

    with pytest.raises(CheckpointError) as refusal:
        read(weights)

    assert str(refusal.value).startswith(f"{beside(weights)}: ")
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "write a JSON object such as"),
        (b'{"architecture": "v0",}', "at line 1 column 23"),
        (b"[]", "write a JSON object such as"),
        (b"\xff\xfe", "write a JSON object such as"),
        (b"[" * 60_000, "write a JSON object such as"),
        (b" " * 70_000, "more than 65536 bytes"),
    ],
)
def test_what_is_no_sidecar_is_refused(weights: Path, content: bytes, message: str) -> None:
    beside(weights).write_bytes(content)

    with pytest.raises(CheckpointError, match=message):
        read(weights)


def test_without_a_sidecar_one_is_shown(weights: Path) -> None:
    with pytest.raises(CheckpointError, match=r'there is no such file; write .*{"architecture": "v1"'):
        read(weights)


def test_a_sidecar_that_cannot_be_read_is_refused(weights: Path) -> None:
    beside(weights).mkdir()

    with pytest.raises(CheckpointError, match="Is a directory; make it a file"):
        read(weights)

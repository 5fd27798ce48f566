"""How a network was trained is told by how it fills in a recording; what the recording leaves open is refused."""

import wave
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.checkpoints import of, write, write_sidecar, write_vocabulary
from support.f5 import TINY_V1, random_weights
from support.sounds import RATE, noise, speech
from support.training import trained
from voice_server.engines.f5 import vocabulary
from voice_server.engines.f5.checkpoint import CheckpointError
from voice_server.engines.f5.reading import Reading
from voice_server.engines.f5.recording import heard
from voice_server.engines.f5.tokenizer import Tokenizer, tokens
from voice_server.engines.f5.verification import Verified, verify

SAID = "Bom dia a todos, esta é a voz que os usuários ouvem agora."
SIZE = replace(TINY_V1, mel_dim=100, text_num_embeds=60)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording, v1.safetensors which knows it by heart, and untaught.safetensors."""
    folder = tmp_path_factory.mktemp("checkpoints")
    write_vocabulary(folder / "vocab.txt", 60)
    record(folder / "ana.wav", speech()[: round(3.6 * RATE)])
    mel = heard(folder / "ana.wav").clone()
    said = vocabulary.read(folder / "vocab.txt", 60).encode_leniently(tokens(SAID, Tokenizer.PINYIN)).numbers
    write(folder / "taught.safetensors", of(trained(SIZE, mel, list(said), steps=110)))
    write(folder / "untaught.safetensors", of(random_weights(SIZE)))
    return folder


def record(path: Path, samples: Any) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples * 32767).astype(np.int16).tobytes())


def verified(folder: Path, name: str, **about: Any) -> Verified:
    probe = {"recording": "ana.wav", "transcript": SAID}
    path = folder / f"{name}.safetensors"
    write_sidecar(path, **({"probe": probe} | about))
    return verify(path)


def test_an_open_architecture_is_found_out(folder: Path) -> None:
    found = verified(folder, "taught", architecture=None)

    assert found.variant == "v1"
    assert found.architecture == SIZE
    assert found.verdict is not None


def test_a_wrong_guess_is_refused(folder: Path) -> None:
    with pytest.raises(CheckpointError, match="declared as v0, but it fills in the recording as the other"):
        verified(folder, "taught", architecture="v0")


def test_a_right_guess_is_confirmed(folder: Path) -> None:
    assert verified(folder, "taught", architecture="v1").verdict is not None


def test_a_tie_is_refused(folder: Path) -> None:
    with pytest.raises(
        CheckpointError, match=r'the recording decides nothing, for the losses are v0 .*"probe"'
    ):
        verified(folder, "untaught", architecture=None)


def test_a_tie_leaves_to_the_owner_what_he_declared(folder: Path) -> None:
    assert verified(folder, "untaught", architecture="v0").variant == "v0"


def test_tokenizers_that_read_the_transcript_alike_are_a_tie(folder: Path) -> None:
    with pytest.raises(CheckpointError, match=r"v1 with pinyin .* v1 with pinyin-jieba"):
        verified(folder, "taught", tokenizer=None)


def test_without_a_recording_all_has_to_be_declared(folder: Path) -> None:
    with pytest.raises(
        CheckpointError, match='write "architecture" and "tokenizer" as they were in the training'
    ):
        verified(folder, "taught", architecture=None, probe=None)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros(4 * RATE, np.float32), "nobody speaks"),
        (speech()[:RATE], "record 3 to 12 s of speech"),
        (np.tile(speech(), 4), "longer than 12 s; cut it, and the transcript with it"),
        (noise(4, 0.00001), "nobody speaks|too quiet"),
    ],
)
def test_a_recording_that_is_no_clear_speech_is_refused(
    folder: Path, tmp_path: Path, samples: Any, message: str
) -> None:
    record(tmp_path / "other.wav", samples)
    probe = {"recording": str(tmp_path / "other.wav"), "transcript": SAID}

    with pytest.raises(CheckpointError, match=message):
        verified(folder, "taught", probe=probe)


def test_a_recording_that_is_not_there_is_refused(folder: Path) -> None:
    with pytest.raises(CheckpointError, match="No such file or directory; put the recording there"):
        verified(folder, "taught", probe={"recording": "none.wav", "transcript": SAID})


@pytest.mark.parametrize(
    ("transcript", "message"),
    [
        (f"{SAID} 你好", "this voice cannot read Chinese characters: its tokenizer is pinyin-jieba"),
        ("Bom dia", "written out, these are 7 characters, too few for 3.5 s of speech"),
    ],
)
def test_a_transcript_that_cannot_be_what_is_said_is_refused(
    folder: Path, transcript: str, message: str
) -> None:
    probe = {"recording": "ana.wav", "transcript": transcript}

    with pytest.raises(CheckpointError, match=rf"taught\.safetensors\.json: probe\.transcript: {message}"):
        verified(folder, "taught", tokenizer="pinyin-jieba", probe=probe)


def test_a_reading_says_what_it_is() -> None:
    assert str(Reading("v0", Tokenizer.CHAR)) == "v0 with char"

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support import tiny_whisper
from support.sounds import RATE, silence, speech
from voice_server.transcription.whisper import Transcriber, TranscriptionError, create


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_whisper.write(tmp_path_factory.mktemp("models") / "whisper", says="olá")


@pytest.mark.parametrize("language", ["pt", "pt-BR", "en-US"])
def test_what_the_model_hears_is_the_transcript(model: Path, language: str) -> None:
    transcriber = create({"VOICE_TRANSCRIPTION_MODEL": str(model)})

    assert transcriber.transcribe(speech(), RATE, language) == "olá"


def test_several_may_ask_at_once(model: Path) -> None:
    transcriber = Transcriber(model)
    with ThreadPoolExecutor(4) as pool:
        texts = pool.map(lambda _: transcriber.transcribe(speech(), RATE, "pt"), range(4))

    assert list(texts) == ["olá"] * 4


def test_a_model_that_understood_nothing_gives_no_transcript(tmp_path: Path) -> None:
    mute = Transcriber(tiny_whisper.write(tmp_path / "mute", says=""))

    with pytest.raises(TranscriptionError, match=r"no words were understood .* send its transcript"):
        mute.transcribe(silence(3), RATE, "pt")


def test_a_language_that_nobody_speaks_is_named(model: Path) -> None:
    with pytest.raises(TranscriptionError, match="'xx' is not a valid language"):
        Transcriber(model).transcribe(speech(), RATE, "xx")


def test_without_a_setting_the_error_names_it() -> None:
    with pytest.raises(TranscriptionError, match=r"write the folder .* in VOICE_TRANSCRIPTION_MODEL"):
        create({}).transcribe(speech(), RATE, "pt")


@pytest.mark.parametrize("missing", ["model.bin", "config.json", "tokenizer.json"])
def test_a_model_that_is_not_mounted_is_named_with_its_folder(tmp_path: Path, missing: str) -> None:
    for name in {"model.bin", "config.json", "tokenizer.json"} - {missing}:
        (tmp_path / name).write_text("{}")

    with pytest.raises(TranscriptionError) as refused:
        create({"VOICE_TRANSCRIPTION_MODEL": str(tmp_path)}).transcribe(speech(), RATE, "pt")

    assert str(refused.value) == (
        f"VOICE_TRANSCRIPTION_MODEL: there is no faster-whisper model in {tmp_path}, {missing} missing; "
        "mount one there, or send the recording's transcript"
    )


@pytest.mark.parametrize("broken", ["model.bin", "tokenizer.json"])
def test_a_broken_model_is_named_with_its_folder(model: Path, tmp_path: Path, broken: str) -> None:
    for file in model.iterdir():
        (tmp_path / file.name).write_bytes(b"\0" * 64 if file.name == broken else file.read_bytes())

    with pytest.raises(TranscriptionError, match=f"the model in {tmp_path} is broken"):
        Transcriber(tmp_path).transcribe(speech(), RATE, "pt")


def test_nothing_heavy_is_loaded_before_it_is_needed() -> None:
    program = "import sys, voice_server.transcription.whisper; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    ).stdout

    assert not {"faster_whisper", "ctranslate2", "av"} & set(loaded.split())

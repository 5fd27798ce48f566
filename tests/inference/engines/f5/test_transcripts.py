"""The words of a recording: written beside it, or heard in it."""

import asyncio
import threading
from pathlib import Path

import pytest

from support.f5_engine import job, spoken, warm
from support.f5_model import a_model, a_voice
from support.sounds import SENTENCE
from voice_server.audio.pcm import Audio
from voice_server.engines.base import EngineError, UnusableVoiceError


async def test_a_voice_without_words_asks_for_them_or_for_a_model_that_hears_them(folder: Path) -> None:
    a_voice(folder / "voices", "eva", "pt-br+f3", transcript=None)
    engine = await warm(folder, F5_VOICE="ana")
    (answer,) = await spoken(engine, job(voice="eva"))

    assert isinstance(answer, EngineError)
    assert "eva.wav: send the recording's transcript, or write the folder" in str(answer)


@pytest.mark.parametrize(
    ("transcript", "says"),
    [
        ("a", "eva.txt: written out, these are 3 characters, too few for"),
        (("9.999.999,99 " * 150).strip(), "too many for"),
        (f"{SENTENCE} 你好", "eva.txt: this voice cannot read Chinese characters"),
    ],
    ids=["too few", "too many", "not to be read"],
)
async def test_words_that_cannot_be_what_a_recording_says_are_refused_and_harm_nobody_else(
    tmp_path: Path, transcript: str, says: str
) -> None:
    folder = a_model(tmp_path, tokenizer="pinyin-jieba")
    a_voice(folder / "voices", "eva", "pt-br+f3", transcript)
    engine = await warm(folder, F5_VOICE="ana")
    wrong, good = await spoken(engine, job(voice="eva"), job())

    assert isinstance(wrong, UnusableVoiceError)
    assert says in str(wrong)
    assert isinstance(good, Audio)


async def test_words_that_were_misheard_are_not_blamed_on_a_file_that_is_not_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_voice(folder / "voices", "eva", "pt-br+f3", transcript=None)
    engine = await warm(folder, F5_VOICE="ana")
    monkeypatch.setattr(engine._transcriber, "transcribe", lambda *_: "ah")
    (wrong,) = await spoken(engine, job(voice="eva"))

    assert isinstance(wrong, UnusableVoiceError)
    assert str(wrong).startswith("eva.wav, as it was transcribed: written out, these are 4 characters")


async def test_the_words_that_were_heard_are_kept_until_the_voice_is_removed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_voice(folder / "voices", "eva", "pt-br+f3", transcript=None)
    engine = await warm(folder, F5_VOICE="ana")
    asked: list[str] = []

    def transcribe(*_: object) -> str:
        asked.append("eva")
        return SENTENCE

    monkeypatch.setattr(engine._transcriber, "transcribe", transcribe)
    await spoken(engine, job(voice="eva"))
    engine._profiles.forget("eva")
    await spoken(engine, job(voice="eva"))
    kept = len(asked)
    engine.forget("eva")
    await spoken(engine, job(voice="eva"))

    assert (kept, len(asked)) == (1, 2)


async def test_words_that_are_heard_while_their_voice_is_removed_are_not_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_voice(folder / "voices", "eva", "pt-br+f3", transcript=None)
    engine = await warm(folder, F5_VOICE="ana")
    begun, removed = threading.Event(), threading.Event()

    def transcribe(*_: object) -> str:
        begun.set()
        removed.wait(30)
        return SENTENCE

    monkeypatch.setattr(engine._transcriber, "transcribe", transcribe)
    speaking = asyncio.create_task(spoken(engine, job(voice="eva")))
    await asyncio.to_thread(begun.wait, 30)
    engine.forget("eva")
    removed.set()

    assert isinstance((await speaking)[0], Audio)
    assert engine._transcripts == {}

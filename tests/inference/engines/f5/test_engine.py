"""The engine whole: a folder with a checkpoint in, sound of the voices in it out."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from support.f5_engine import TEXT, job, spoken, warm
from support.f5_model import SIZE, a_model, a_voice
from support.sounds import SENTENCE
from voice_server.audio.pcm import Audio
from voice_server.engines import load
from voice_server.engines.base import (
    DeviceLostError,
    EngineError,
    TextError,
    UnknownVoiceError,
    Utterance,
)
from voice_server.engines.f5.engine import F5Engine, create
from voice_server.engines.f5.mel import HOP, SAMPLE_RATE
from voice_server.voices.registry import Registry


async def test_it_speaks_with_the_voices_of_its_folder(model: Path) -> None:
    engine = load("f5", {"VOICE_MODEL_PATH": str(model), "F5_NFE": "5"})
    await engine.warm_up()

    assert sorted(engine.voices()) == ["ana", "rui"]
    answers = await engine.synthesise([job(voice="ana"), job(voice="rui"), job()], 0)
    assert [isinstance(answer, Audio) and answer.sample_rate for answer in answers] == [24_000] * 3


async def test_a_longer_text_takes_longer_and_a_faster_one_less(model: Path) -> None:
    engine = await warm(model)
    usual, long, fast = await spoken(engine, job(), job(TEXT * 3), job(speed=2.0))

    assert long.duration == pytest.approx(3 * usual.duration, rel=0.02)
    assert fast.duration == pytest.approx(usual.duration / 2, rel=0.03)


async def test_each_job_gets_its_own_answer(model: Path) -> None:
    engine = await warm(model)
    gone, unknown, endless, good = await spoken(
        engine, job(wanted=False), job(voice="eva"), job("a" * 6000), job()
    )

    assert gone is None
    assert isinstance(unknown, UnknownVoiceError)
    assert str(unknown) == "there is no voice 'eva'; write default or one such as ana, rui"
    assert isinstance(endless, TextError)
    assert isinstance(good, Audio)


async def test_the_tiers_are_the_steps_from_the_best_that_is_allowed(model: Path) -> None:
    assert (await warm(model)).tiers == ("5",)
    assert (await warm(model, F5_NFE="12")).tiers == ("12", "7", "5")


async def test_a_voice_is_prepared_once_until_its_recording_changes_or_goes(folder: Path) -> None:
    engine = await warm(folder, F5_VOICE="ana")
    heard = engine.caches["voices"]
    await spoken(engine, job(voice="ana"), job(voice="ana"))
    assert (heard.misses, heard.hits) == (1, 2)

    a_voice(folder / "voices", "ana", "pt-br+m3")
    await spoken(engine, job(voice="ana"))
    assert heard.misses == 2

    engine.forget("ana")
    await spoken(engine, job(voice="ana"))
    assert heard.misses == 3


@pytest.mark.parametrize(
    ("licence", "allowed", "is_served"),
    [("CC-BY-NC-4.0", "", False), ("CC-BY-NC-4.0", "true", True), ("MIT", "", True)],
)
async def test_weights_that_forbid_trade_are_served_only_where_somebody_said_so(
    model: Path, tmp_path: Path, licence: str, allowed: str, is_served: bool
) -> None:
    folder = shutil.copytree(model, tmp_path / "model")
    about = folder / "model.safetensors.json"
    about.write_text(about.read_text().replace("MIT", licence))

    if is_served:
        assert (await warm(folder, VOICE_ALLOW_NONCOMMERCIAL=allowed)).licence == licence
    else:
        with pytest.raises(EngineError, match="VOICE_ALLOW_NONCOMMERCIAL: these weights are under CC-BY-NC"):
            await warm(folder, VOICE_ALLOW_NONCOMMERCIAL=allowed)


async def test_a_text_with_more_tokens_than_frames_there_are_harms_nobody_else(model: Path) -> None:
    endless, good = await spoken(await warm(model), job("a" * 8200, speed=8.0), job())

    assert isinstance(endless, TextError)
    assert "write it in parts, or say it faster" in str(endless)
    assert isinstance(good, Audio)


async def test_work_is_that_of_the_voice_once_it_was_heard(folder: Path) -> None:
    a_voice(folder / "voices", "eva", "pt-br+f3", SENTENCE[:30])
    engine = await warm(folder, F5_VOICE="ana")
    slow = Utterance(TEXT * 3, "eva")
    unknown = engine.work(slow)
    (audio,) = await spoken(engine, job(slow.text, voice="eva"))
    reference = len(await profile_mel(engine, "eva"))

    assert engine.work(slow) == pytest.approx(reference + audio.duration * SAMPLE_RATE / HOP, abs=2)
    assert engine.work(slow) > 1.5 * unknown
    engine.forget("eva")
    assert engine.work(slow) == unknown


async def profile_mel(engine: F5Engine, voice: str) -> torch.Tensor:
    return (await engine._profile(voice)).voice.mel


async def test_without_a_name_the_first_voice_that_can_be_used_speaks_and_no_other_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = await warm(folder)
    monkeypatch.delattr(Registry, "listing")
    ana = await profile_mel(engine, "ana")
    assert await engine._profile(None) is await engine._profile("ana")

    a_voice(folder / "voices", "abe", "pt-br+m3")
    assert await engine._profile(None) is await engine._profile("abe")
    (folder / "voices/abe.txt").write_text(" ")
    assert (await engine._profile(None)).voice.mel is ana


async def test_a_strict_vocabulary_of_another_language_warms_up(tmp_path: Path) -> None:
    folder = a_model(tmp_path, language="en")
    tokens = [*" abcdefghijklmnopqrstuvwxyz'.,!?", *(f"zz{number}" for number in range(SIZE.text_num_embeds))]
    lines = "".join(f"{token}\n" for token in tokens[: SIZE.text_num_embeds])
    (folder / "vocab.txt").write_text(lines, encoding="utf-8")

    assert isinstance(
        (await spoken(await warm(folder, F5_VOCABULARY="strict"), job("so it speaks.")))[0], Audio
    )


def leave_the_card(engine: F5Engine) -> None:
    """As when its memory sufficed neither with its caches emptied nor without."""
    engine._loaded_on(torch.device("cuda"), engine._ready().move_to_cpu)
    assert (engine.relieve(), engine.relieve(), engine.relieve()) == (True, True, False)


async def test_a_network_that_moved_to_the_cpu_speaks(model: Path) -> None:
    engine = await warm(model)
    leave_the_card(engine)

    assert isinstance((await spoken(engine, job()))[0], Audio)


async def test_a_network_that_cannot_be_read_again_is_a_lost_device(folder: Path) -> None:
    engine = await warm(folder)
    weights = (folder / "model.safetensors").rename(folder / "gone")
    leave_the_card(engine)

    with pytest.raises(DeviceLostError, match="F5: the weights left the card and could not be read again"):
        await spoken(engine, job())
    weights.rename(folder / "model.safetensors")
    with pytest.raises(DeviceLostError):
        await engine.warm_up()


async def test_a_strict_vocabulary_refuses_what_a_lenient_one_reads_as_the_nearest(model: Path) -> None:
    text = f"{TEXT} Ñandu, 7"
    lenient, strict = await warm(model), await warm(model, F5_VOCABULARY="strict")

    (said,), (refused,) = await spoken(lenient, job(text)), await spoken(strict, job(text))
    assert isinstance(said, Audio)
    assert isinstance(refused, TextError)
    assert "'Ñ'" in str(refused)


async def test_without_a_vocoder_it_still_speaks(folder: Path) -> None:
    shutil.rmtree(folder / "vocos")

    assert isinstance((await spoken(await warm(folder), job()))[0], Audio)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda folder: (folder / "model.safetensors").unlink(),
            "one .safetensors file is served, there is none",
        ),
        (
            lambda folder: shutil.copy(folder / "model.safetensors", folder / "b.safetensors"),
            "b.safetensors, mod",
        ),
        (
            lambda folder: (folder / "vocos/model.safetensors").write_bytes(b"x"),
            "vocos/model.safetensors cannot",
        ),
        (lambda folder: shutil.rmtree(folder / "voices"), "there is no voice; mount NAME.wav"),
        (lambda folder: (folder / "voices/ana.wav").write_bytes(b"x" * 99), "ana.wav: "),
    ],
    ids=["no weights", "two", "vocoder", "no voices", "no sound"],
)
async def test_what_is_wrong_in_the_folder_is_named(folder: Path, change: Any, says: str) -> None:
    change(folder)

    with pytest.raises(EngineError, match=says):
        await warm(folder)


def test_a_cpu_has_nothing_to_give_up(model: Path) -> None:
    engine = create({"VOICE_MODEL_PATH": str(model)})

    assert (engine.relieve(), engine.vram()) == (False, (0, 0))

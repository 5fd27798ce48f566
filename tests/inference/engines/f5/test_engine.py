"""The engine whole: a folder with a checkpoint in, sound of the voices in it out."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from support.f5_model import a_model, a_voice
from voice_server.audio.pcm import Audio
from voice_server.engines import load
from voice_server.engines.base import EngineError, Job, TextError, UnknownVoiceError, Utterance
from voice_server.engines.f5.engine import F5Engine, create

TEXT = "olá, tudo bem com você?"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_model(tmp_path_factory.mktemp("f5"))


@pytest.fixture
def folder(model: Path, tmp_path: Path) -> Path:
    """A copy to be changed."""
    return shutil.copytree(model, tmp_path / "model")


async def warm(folder: Path, **environment: str) -> F5Engine:
    engine = create({"VOICE_MODEL_PATH": str(folder), "F5_NFE": "5"} | environment)
    await engine.warm_up()
    return engine


def job(text: str = TEXT, *, wanted: bool = True, **other: Any) -> Job:
    return Job(Utterance(text, **other), lambda: wanted)


async def spoken(engine: F5Engine, *jobs: Job) -> list[Any]:
    return list(await engine.synthesise(jobs, 0))


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


async def test_a_voice_without_words_asks_for_them_or_for_a_model_that_hears_them(folder: Path) -> None:
    a_voice(folder / "voices", "eva", "pt-br+f3", transcript=None)
    engine = await warm(folder, F5_VOICE="ana")
    (answer,) = await spoken(engine, job(voice="eva"))

    assert isinstance(answer, EngineError)
    assert "eva.wav: send the recording's transcript, or write the folder" in str(answer)


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

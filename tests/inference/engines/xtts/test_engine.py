import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import numpy as np
import pytest
import torch
from TTS.tts.models.xtts import Xtts as Upstream

from voice_server.audio import wav
from voice_server.audio.pcm import Audio
from voice_server.audio.samples import to_audio
from voice_server.engines.base import (
    DeviceLostError,
    Engine,
    EngineError,
    Job,
    KeepsCaches,
    OnCard,
    OutOfMemoryError,
    PreparesVoices,
    SpeaksWords,
    TextError,
    UnknownVoiceError,
    Utterance,
)
from voice_server.engines.xtts.engine import Xtts, create
from voice_server.engines.xtts.speech import Request, Studio

RATE = 24000


def wanted() -> bool:
    return True


def a_job(
    text: str,
    voice: str | None = None,
    is_wanted: Callable[[], bool] = wanted,
    hear: Callable[[Audio], None] | None = None,
) -> Job:
    return Job(Utterance(text, voice), is_wanted, hear)


def environment(folder: Path, **changed: str) -> dict[str, str]:
    return {
        "VOICE_ALLOW_NONCOMMERCIAL": "true",
        "VOICE_MODEL_PATH": str(folder),
        "VOICE_DEVICE": "cpu",
    } | changed


def a_recording() -> Audio:
    time = np.arange(4 * RATE) / RATE
    swell = np.abs(np.sin(2 * np.pi * 1.5 * time))
    tone = np.sin(2 * np.pi * (180 + 30 * np.sin(time)) * time)
    return to_audio((0.3 * swell * tone).astype(np.float32), RATE)


@pytest.fixture
def copy(folder: Path, upstream: Upstream, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "model"))


@pytest.fixture
async def engine(folder: Path, upstream: Upstream) -> Xtts:
    engine = create(environment(folder))
    await engine.warm_up()
    return engine


async def test_it_fills_the_protocol(engine: Xtts) -> None:
    as_engine: Engine = engine

    assert (as_engine.name, as_engine.parallel, as_engine.largest_batch, as_engine.tiers) == (
        "xtts",
        1,
        5,
        ("",),
    )
    assert "non-commercial" in as_engine.licence
    assert isinstance(engine, SpeaksWords)
    assert isinstance(engine, KeepsCaches)
    assert isinstance(engine, OnCard)
    assert isinstance(engine, PreparesVoices)
    assert list(engine.voices()) == ["voz-0", "voz-1"]
    assert engine.work(Utterance("a" * 100)) > engine.work(Utterance("a")) > 0


async def test_each_job_has_its_own_answer(engine: Xtts) -> None:
    batch = [
        a_job("bom dia"),
        a_job("bom dia", "ninguém"),
        a_job("..."),
        a_job("boa noite", is_wanted=lambda: False),
        a_job("até logo", "voz-1"),
    ]

    spoken, unknown, wordless, unwanted, other = await engine.synthesise(batch, 0)

    assert isinstance(spoken, Audio)
    assert spoken.sample_rate == RATE
    assert isinstance(unknown, UnknownVoiceError)
    assert "write default or one such as voz-0, voz-1" in str(unknown)
    assert isinstance(wordless, TextError)
    assert unwanted is None
    assert isinstance(other, Audio)


async def test_a_text_of_any_length_is_spoken_whole(engine: Xtts) -> None:
    text = "uma frase que se ouve muito bem, e outra que vem depois dela. " * 8

    (answer,) = await engine.synthesise([a_job(text)], 0)

    assert isinstance(answer, Audio)


async def test_whoever_listens_hears_bits_that_belong_together(engine: Xtts) -> None:
    bits: list[Audio] = []

    (answer,) = await engine.synthesise([a_job("bom dia", hear=bits.append)], 0)

    assert answer == Audio(b"".join(bit.samples for bit in bits), RATE)


async def test_whoever_stops_listening_stops_the_work(engine: Xtts) -> None:
    bits: list[Audio] = []
    text = "uma frase muito longa que se ouve bem, " * 40

    (answer,) = await engine.synthesise([a_job(text, is_wanted=lambda: not bits, hear=bits.append)], 0)

    assert answer is None
    assert sum(bit.duration for bit in bits) < 2


async def test_the_event_loop_turns_while_torch_works(engine: Xtts) -> None:
    longest = 0.0
    speaking = asyncio.ensure_future(engine.synthesise([a_job("uma frase que se ouve bem, " * 20)] * 5, 0))

    while not speaking.done():
        began = monotonic()
        await asyncio.sleep(0)
        longest = max(longest, monotonic() - began)

    assert longest < 0.5


async def test_a_recording_is_listened_to_once_until_its_voice_is_removed(copy: Path) -> None:
    (copy / "voices").mkdir()
    (copy / "voices" / "ana.wav").write_bytes(wav.encode(a_recording()))
    engine = create(environment(copy, XTTS_VOICE="ana"))
    await engine.warm_up()

    answers = await engine.synthesise([a_job("bom dia", "ana"), a_job("boa noite")], 0)

    assert all(isinstance(answer, Audio) for answer in answers)
    assert list(engine.voices()) == ["ana", "voz-0", "voz-1"]
    assert (engine.caches["voices"].misses, engine.caches["voices"].hits) == (1, 2)

    engine.forget("ana")
    await engine.synthesise([a_job("bom dia", "ana")], 0)

    assert engine.caches["voices"].misses == 2


async def test_a_recording_that_is_none_is_an_error_by_name(copy: Path) -> None:
    (copy / "voices").mkdir()
    (copy / "voices" / "ana.wav").write_bytes(b"RIFF")
    engine = create(environment(copy, XTTS_VOICE="voz-0"))
    await engine.warm_up()

    (answer,) = await engine.synthesise([a_job("bom dia", "ana")], 0)

    assert isinstance(answer, EngineError)
    assert str(answer).startswith("ana.wav: ")


async def test_a_voice_that_is_not_there_ends_the_start(copy: Path) -> None:
    with pytest.raises(
        EngineError, match=r"XTTS_VOICE: there is no voice 'ana'; write default or one such as voz-0"
    ):
        await create(environment(copy, XTTS_VOICE="ana")).warm_up()


async def test_a_model_without_any_voice_ends_the_start(copy: Path) -> None:
    (copy / "speakers.safetensors").unlink()

    with pytest.raises(
        EngineError, match=r"there is no voice; mount speakers\.safetensors or voices/NAME\.wav"
    ):
        await create(environment(copy)).warm_up()


async def test_a_language_the_model_did_not_learn_ends_the_start(copy: Path) -> None:
    with pytest.raises(EngineError, match=r"VOICE_LANGUAGE: this model does not speak 'de'; write one of"):
        await create(environment(copy, VOICE_LANGUAGE="de")).warm_up()


async def test_it_says_so_when_it_is_asked_before_it_is_warm(folder: Path) -> None:
    (answer,) = await _answers_or_raised(create(environment(folder)))

    assert "not warm" in str(answer)


async def _answers_or_raised(engine: Xtts) -> list[object]:
    try:
        return list(await engine.synthesise([a_job("bom dia")], 0))
    except EngineError as error:
        return [error]


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), OutOfMemoryError),
        (RuntimeError("CUDA error: device-side assert triggered"), DeviceLostError),
        (RuntimeError("shapes cannot be multiplied"), EngineError),
    ],
)
async def test_what_torch_raises_concerns_the_batch_and_the_next_one_is_spoken(
    engine: Xtts, monkeypatch: pytest.MonkeyPatch, raised: Exception, expected: type[Exception]
) -> None:
    def fail(_: Studio, __: list[Request]) -> None:
        raise raised

    with monkeypatch.context() as patch:
        patch.setattr(Studio, "speak", fail)
        with pytest.raises(expected):
            await engine.synthesise([a_job("bom dia")], 0)

    assert isinstance((await engine.synthesise([a_job("bom dia")], 0))[0], Audio)


async def test_on_a_cpu_there_is_nothing_to_give_up(engine: Xtts) -> None:
    assert not engine.relieve()
    assert engine.vram() == (0, 0)


async def test_jobs_that_come_go_and_fail_at_once_never_hear_each_other(engine: Xtts) -> None:
    calls = iter([True] * 20)
    asked = [
        engine.synthesise([a_job("bom dia", "voz-1"), a_job("!!!")], 0),
        engine.synthesise([a_job("como vai você", is_wanted=lambda: next(calls, False))], 0),
        engine.synthesise([a_job("boa noite", "ninguém"), a_job("boa noite")], 0),
    ]

    first, second, third = await asyncio.gather(*asked)

    assert [type(answer) for answer in first] == [Audio, TextError]
    assert second == [None]
    assert [type(answer) for answer in third] == [UnknownVoiceError, Audio]

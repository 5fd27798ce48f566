import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from threading import get_ident
from time import monotonic

import numpy as np
import pytest
import torch
from TTS.tts.models.xtts import Xtts as Upstream

from support.xtts import environment
from voice_server import metrics
from voice_server.audio import wav
from voice_server.audio.pcm import Audio
from voice_server.audio.samples import to_audio
from voice_server.engine.device import Device, Task
from voice_server.engine.metrics import EngineMetrics
from voice_server.engines.base import (
    Answer,
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
from voice_server.engines.xtts import checkpoint
from voice_server.engines.xtts import engine as xtts
from voice_server.engines.xtts.checkpoint import Model
from voice_server.engines.xtts.engine import Xtts, create
from voice_server.engines.xtts.speech import Request, Studio
from voice_server.engines.xtts.vocoder import Vocoder
from voice_server.voices.registry import Listing, Registry

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


def a_recording() -> Audio:
    time = np.arange(4 * RATE) / RATE
    swell = np.abs(np.sin(2 * np.pi * 1.5 * time))
    tone = np.sin(2 * np.pi * (180 + 30 * np.sin(time)) * time)
    return to_audio((0.3 * swell * tone).astype(np.float32), RATE)


@pytest.fixture
def copy(folder: Path, upstream: Upstream, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "model"))


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
    turns, seen = 0, set[int]()

    def is_wanted() -> bool:
        seen.add(turns)
        return True

    job = a_job("uma frase que se ouve bem, " * 20, is_wanted=is_wanted)
    speaking = asyncio.ensure_future(engine.synthesise([job] * 5, 0))
    while not speaking.done():
        await asyncio.sleep(0)
        turns += 1

    assert len(seen) > 30, "of nearly a hundred steps that torch took, so many had a turn between them"


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


async def test_the_voices_folder_is_never_read_on_the_event_loop(
    folder: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers: set[int] = set()
    listing = Registry.listing

    def listing_noted(registry: Registry) -> Listing:
        readers.add(get_ident())
        return listing(registry)

    monkeypatch.setattr(Registry, "listing", listing_noted)
    engine = create(environment(folder))

    await engine.warm_up()
    await engine.synthesise([a_job("bom dia", "ninguém")], 0)

    assert readers
    assert get_ident() not in readers


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


async def test_where_memory_never_suffices_the_vocoder_moves_to_the_cpu_and_then_all_of_it(
    folder: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    load, move, speak = checkpoint.load, Vocoder.move, Studio.speak

    def load_on_a_pretended_card(folder: Path, device: torch.device) -> Model:
        steps.append(f"all on {device.type}")
        return load(folder, torch.device("cpu"))

    def move_and_tell(vocoder: Vocoder, device: torch.device) -> None:
        steps.append(f"vocoder to {device.type}")
        move(vocoder, device)

    def speak_on_the_cpu_only(studio: Studio, requests: list[Request]) -> list[Answer]:
        if steps[-1] != "all on cpu":
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return speak(studio, requests)

    monkeypatch.setattr(xtts, "chosen", lambda _: torch.device("cuda"))
    monkeypatch.setattr(checkpoint, "load", load_on_a_pretended_card)
    monkeypatch.setattr(Vocoder, "move", move_and_tell)
    engine = create(environment(folder))
    await engine.warm_up()
    monkeypatch.setattr(Studio, "speak", speak_on_the_cpu_only)
    device = Device(engine, EngineMetrics(metrics.new_registry(), "", ""), monotonic)

    outcomes = await device.speak([Task(a_job(text), 1.0) for text in ("bom dia", "boa noite")], 0)

    assert all(isinstance(outcome.answer, Audio) for outcome in outcomes)
    assert steps == ["all on cuda", "vocoder to cpu", "all on cpu"]
    assert [engine.relieve() for _ in range(2)] == [True, False]

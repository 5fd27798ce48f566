"""What a worker and an engine that computes keep of those they served: one profile a recorded voice, nothing else."""

import asyncio
import gc
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import TypeVar

import pytest
import torch

from support import xtts
from support.f5_model import a_model, a_voice
from support.voice import until
from support.workers import running
from voice_server import engines, metrics
from voice_server.audio.pcm import Audio
from voice_server.engine.line import Limits
from voice_server.engine.metrics import EngineMetrics
from voice_server.engine.worker import Spoken, Worker
from voice_server.engines.base import (
    Engine,
    KeepsCaches,
    TextError,
    UnknownVoiceError,
    Utterance,
)
from voice_server.engines.torch_thread import TorchThread
from voice_server.voices.cache import ProfileCache

T = TypeVar("T")
ROUND = 20
ROUNDS = 2
IMPOSSIBLE = {"f5": "a" * 6000, "xtts": "!!!"}
"""Texts that an engine can only refuse."""
KINDS = (torch.Tensor, Audio, Spoken)
"""What has weight: an error that is kept shows by the tensors in the frames of its traceback."""


class Stumbling(TorchThread):
    """Each third batch that can be spoken fails once it was: the frames of what failed hold everything."""

    def __init__(self) -> None:
        super().__init__("stumbling")
        self._times = 0

    async def run(self, work: Callable[[], T]) -> T:
        def stumble() -> T:
            made = work()
            spoke = isinstance(made, list) and any(isinstance(each, Audio) for each in made)
            self._times += spoke
            if spoke and self._times % 3 == 0:
                raise RuntimeError(f"shapes do not fit {type(made)}")
            return made

        return await super().run(stumble)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module", params=["f5", "xtts"])
def environment(request: pytest.FixtureRequest, folder: Path) -> dict[str, str]:
    model = folder / request.param
    model.mkdir()
    if request.param == "f5":
        a_model(model)
    else:
        xtts.a_checkpoint(model)
        a_voice(model / "voices", "ana", "pt-br+f2")
    (model / "voices" / "torn.wav").write_bytes(b"RIFF")
    (model / "voices" / "torn.txt").write_text("nada")
    return {
        "VOICE_ENGINE": request.param,
        "VOICE_MODEL_PATH": str(model),
        "VOICE_DEVICE": "cpu",
        "VOICE_ALLOW_NONCOMMERCIAL": "true",
        "F5_NFE": "5",
    }


async def test_of_those_it_served_nothing_is_kept_but_a_profile_a_voice(environment: dict[str, str]) -> None:
    engine = engines.load(environment["VOICE_ENGINE"], environment)
    assert isinstance(engine, KeepsCaches)
    impossible = IMPOSSIBLE[engine.name]
    async with speaking(engine) as known:
        vars(engine)["_thread"] = Stumbling()
        seen = await a_history(known, impossible)
        before = left()
        for _ in range(ROUNDS):
            seen |= await a_history(known, impossible)
        await until(lambda: left() - before, is_=Counter())

    assert seen >= {Spoken, asyncio.CancelledError, TextError, UnknownVoiceError}
    profiles = engine.caches["voices"]
    assert isinstance(profiles, ProfileCache)
    assert len(profiles) == 1


@asynccontextmanager
async def speaking(engine: Engine) -> AsyncIterator[Worker]:
    figures = EngineMetrics(metrics.new_registry(), "", "")
    known = Worker(engine, Limits(1000, 1e6, 1000, warm_up=1000), figures, monotonic)
    async with running(known):
        await until(lambda: known.ready)
        yield known


async def a_history(known: Worker, impossible: str) -> set[type]:
    """The kinds of answers that a crowd got, of whom some leave at once, and some once work for them has begun."""
    said = [("ana", "olá " * (1 + number % 4)) for number in range(ROUND)]
    said[::7] = [("nobody", "olá"), ("torn", "olá"), ("ana", impossible)]
    saying = [asyncio.create_task(known.speak(Utterance(text, voice))) for voice, text in said]
    await until(lambda: known.waiting < ROUND)
    for task in saying[3::6]:
        task.cancel()
    answers = await asyncio.gather(*saying, return_exceptions=True)
    await until(lambda: known.ahead, is_=0)
    await asyncio.sleep(0)  # what woke this up holds the answers until then
    return {type(answer[0] if isinstance(answer, list) else answer) for answer in answers}


def left() -> Counter[str]:
    gc.collect()
    kinds = (type(each) for each in gc.get_objects())
    return Counter(kind.__qualname__ for kind in kinds if issubclass(kind, KINDS))

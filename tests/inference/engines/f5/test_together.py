"""Many speak at once, some leave, some fail: everybody who stays hears his own text, as if he were alone."""

import asyncio
import random
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.f5_model import a_model, a_voice
from voice_server.audio.pcm import Audio
from voice_server.audio.samples import from_audio
from voice_server.engines.base import (
    EngineError,
    Job,
    TextError,
    UnknownVoiceError,
    UnusableVoiceError,
    Utterance,
)
from voice_server.engines.f5.engine import F5Engine, create
from voice_server.engines.f5.sampler import Request
from voice_server.engines.f5.studio import Line, Studio

STEPS, ROUNDS, BATCHES, BATCH = 5, 3, 3, 5
SENTENCES = (
    "olá, tudo bem com você?",
    "o trem das onze parte da estação sem demora.",
    "sim, quatro.",
    "amanhã de manhã chove no norte e faz sol no sul, disse a moça do tempo.",
)
UTTERANCES = [
    Utterance(text, voice, speed)
    for text in SENTENCES
    for voice, speed in (("ana", 1.0), ("rui", 1.0), ("ana", 1.5))
]
FAULTS: dict[type[EngineError], Utterance] = {
    UnknownVoiceError: Utterance(SENTENCES[0], "nobody"),
    UnusableVoiceError: Utterance(SENTENCES[0], "mute"),
    TextError: Utterance("a" * 9000, "ana"),
}
Kind = type[EngineError] | None


@pytest.fixture
async def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> F5Engine:
    """Each text has noise of its own, the same each time."""
    usual = Studio._request

    def seeded(self: Studio, line: Line) -> Any:
        request = usual(self, line)
        seed = zlib.crc32(line.text.encode())
        return replace(request, seed=seed) if isinstance(request, Request) else request

    monkeypatch.setattr(Studio, "_request", seeded)
    a_model(tmp_path)
    a_voice(tmp_path / "voices", "mute", "pt-br", transcript="a")
    engine = create({"VOICE_MODEL_PATH": str(tmp_path), "F5_NFE": str(STEPS), "F5_VOICE": "ana"})
    await engine.warm_up()
    return engine


def wanted() -> bool:
    return True


def until(asked: int, then: Callable[[], bool]) -> Callable[[], bool]:
    """Wanted so many times, then what `then` says."""
    answers = iter([True] * asked)
    return lambda: next(answers, False) or then()


def torn() -> bool:
    raise RuntimeError("torn in the middle")


async def alone(engine: F5Engine, utterance: Utterance) -> Any:
    (answer,) = await engine.synthesise([Job(utterance, wanted)], 0)
    assert isinstance(answer, Audio)
    return from_audio(answer)


def alike(one: Any, other: Any) -> bool:
    """To a step of 16 bits, for each of them was rounded."""
    return len(one) == len(other) and bool(np.abs(one - other).max() <= 1.01 / 32768)


def a_batch(draw: random.Random) -> list[tuple[Job, Kind]]:
    """Jobs with the error that each is to get: those that stay, leave in the middle, or cannot be spoken."""
    batch: list[tuple[Job, Kind]] = []
    for utterance in draw.sample(UTTERANCES, BATCH):
        kind: Kind = draw.choice([None, None, None, *FAULTS])
        if kind is not None:
            batch.append((Job(FAULTS[kind], wanted), kind))
            continue
        leaves = draw.choice([None, None, draw.randrange(STEPS)])
        job = Job(utterance, wanted if leaves is None else until(leaves, lambda: False))
        batch.append((job, None))
    return batch


async def test_everybody_hears_his_own_text_whoever_else_is_there_leaves_or_fails(engine: F5Engine) -> None:
    own = {each: await alone(engine, each) for each in UTTERANCES}
    assert not any(alike(own[one], own[other]) for one, other in combinations(UTTERANCES, 2))
    draw = random.Random(7)
    counts = {"heard": 0, "left": 0, "failed": 0}

    for _ in range(ROUNDS):
        batches = [a_batch(draw) for _ in range(BATCHES)]
        torn_apart = [Job(each, wanted) for each in draw.sample(UTTERANCES, BATCH - 1)]
        torn_apart.append(Job(UTTERANCES[0], until(3, torn)))
        speaking = [[job for job, _ in batch] for batch in batches]
        speaking.insert(draw.randrange(BATCHES + 1), torn_apart)
        answers: list[Any] = await asyncio.gather(
            *(engine.synthesise(jobs, 0) for jobs in speaking), return_exceptions=True
        )
        failed = [each for each in answers if isinstance(each, EngineError)]
        assert [str(each) for each in failed] == ["torch: torn in the middle"]
        whole = [each for each in answers if not isinstance(each, EngineError)]
        for batch, answered in zip(batches, whole, strict=True):
            judge(batch, answered, own, counts)

    assert min(counts.values()) >= ROUNDS


def judge(
    batch: Sequence[tuple[Job, Kind]],
    answers: Sequence[Any],
    own: dict[Utterance, Any],
    counts: dict[str, int],
) -> None:
    for (job, kind), answer in zip(batch, answers, strict=True):
        if kind is not None:
            assert type(answer) is kind
            counts["failed"] += 1
        elif job.is_wanted is wanted:
            assert alike(from_audio(answer), own[job.utterance])
            counts["heard"] += 1
        else:
            assert answer is None
            counts["left"] += 1

"""Concurrent requests never hear each other's text, whatever becomes of each of them."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import combinations, product

import numpy as np
import pytest

from support.xtts import ONE_STEP, are_alike, laid_end_to_end
from voice_server.audio.pcm import Audio
from voice_server.audio.samples import from_audio
from voice_server.engines.base import Answer, Job, TextError, UnknownVoiceError, Utterance
from voice_server.engines.xtts.engine import Xtts

TEXTS = ("bom dia", "boa noite", "como vai você", "uma frase que se ouve bem")
UTTERANCES = [Utterance(text, voice) for text, voice in product(TEXTS, ("voz-0", "voz-1"))]

Sounds = dict[Utterance, Audio]


class Kind(Enum):
    WAITS = auto()
    LISTENS = auto()
    LEAVES = auto()
    STOPS_LISTENING = auto()
    HAS_NO_WORDS = auto()
    KNOWS_NOBODY = auto()


@dataclass
class Person:
    """Asks for an utterance and behaves after his kind."""

    kind: Kind
    utterance: Utterance
    patience: int
    bits: list[Audio] = field(default_factory=list)

    @property
    def job(self) -> Job:
        listens = self.kind in (Kind.LISTENS, Kind.STOPS_LISTENING)
        return Job(self._asked, self._is_wanted, self.bits.append if listens else None)

    @property
    def _asked(self) -> Utterance:
        match self.kind:
            case Kind.HAS_NO_WORDS:
                return Utterance("!!!", self.utterance.voice)
            case Kind.KNOWS_NOBODY:
                return Utterance(self.utterance.text, "ninguém")
            case _:
                return self.utterance

    def _is_wanted(self) -> bool:
        if self.kind is Kind.LEAVES:
            self.patience -= 1
        return self.patience > 0 and not (self.kind is Kind.STOPS_LISTENING and self.bits)

    def is_served(self, answer: Answer, alone: Sounds) -> bool:
        """Whether he got what his kind gets, and of the sound nothing but his own utterance's."""
        own = alone[self.utterance]
        match self.kind:
            case Kind.WAITS:
                return are_alike(answer, own)
            case Kind.LISTENS:
                return are_alike(answer, own) and answer == laid_end_to_end(self.bits)
            case Kind.LEAVES:
                return answer is None
            case Kind.STOPS_LISTENING:
                return answer is None and begins(own, laid_end_to_end(self.bits))
            case Kind.HAS_NO_WORDS:
                return isinstance(answer, TextError)
            case Kind.KNOWS_NOBODY:
                return isinstance(answer, UnknownVoiceError)


def begins(whole: Audio, part: Audio) -> bool:
    a, b = from_audio(whole), from_audio(part)
    return 0 < len(b) < len(a) and float(np.abs(a[: len(b)] - b).max()) <= ONE_STEP


def a_crowd(drawn: random.Random) -> list[Person]:
    kinds = [*Kind, *drawn.choices(tuple(Kind)[:4], k=14)]
    drawn.shuffle(kinds)
    return [Person(kind, drawn.choice(UTTERANCES), drawn.randint(3, 9)) for kind in kinds]


async def one_that_breaks(engine: Xtts, drawn: random.Random) -> None:
    """A batch that raises in the midst of its work."""
    calls = iter(range(drawn.randint(5, 9), -1, -1))
    breaking = Job(drawn.choice(UTTERANCES), lambda: bool(1 / next(calls)))
    with pytest.raises(ZeroDivisionError):
        await engine.synthesise([Job(drawn.choice(UTTERANCES), lambda: True), breaking], 0)


async def one_that_is_cancelled(engine: Xtts, drawn: random.Random) -> None:
    """A batch whose caller is gone once it is heard."""
    loop = asyncio.get_running_loop()

    def hear(_: Audio) -> None:
        loop.call_soon_threadsafe(task.cancel)

    jobs = [Job(drawn.choice(UTTERANCES), lambda: True, listener) for listener in (hear, None)]
    task = asyncio.ensure_future(engine.synthesise(jobs, 0))
    with pytest.raises(asyncio.CancelledError):
        await task


async def heard_alone(engine: Xtts) -> Sounds:
    sounds: Sounds = {}
    for utterance in UTTERANCES:
        (answer,) = await engine.synthesise([Job(utterance, lambda: True)], 0)
        assert isinstance(answer, Audio)
        sounds[utterance] = answer
    return sounds


async def wronged(engine: Xtts, batch: Sequence[Person], alone: Sounds) -> list[Person]:
    """Those who asked together and did not get what is theirs."""
    answers = await engine.synthesise([person.job for person in batch], 0)
    return [
        person for person, answer in zip(batch, answers, strict=True) if not person.is_served(answer, alone)
    ]


@pytest.mark.usefixtures("in_small_bits")
async def test_a_crowd_that_listens_leaves_and_fails_hears_each_his_own_text(engine: Xtts) -> None:
    alone = await heard_alone(engine)
    assert not any(are_alike(one, other) for one, other in combinations(alone.values(), 2))
    drawn = random.Random(1)
    crowd = a_crowd(drawn)
    batches = [wronged(engine, crowd[first : first + 5], alone) for first in range(0, len(crowd), 5)]

    told = await asyncio.gather(
        one_that_breaks(engine, drawn),
        *batches[:2],
        one_that_is_cancelled(engine, drawn),
        *batches[2:],
        one_that_breaks(engine, drawn),
    )

    assert [persons for persons in told if persons] == []

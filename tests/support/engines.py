"""An engine for the worker's own rules: it answers each text with a sound of its own, on a clock of its own.

Run as a program it is a server whose device is lost by the text `lost` once two others have come.
"""

import asyncio
import hashlib
import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from voice_server.audio.pcm import SAMPLE_BYTES, Audio
from voice_server.engines.base import (
    Answer,
    DeviceLostError,
    EngineError,
    Job,
    OutOfMemoryError,
    TextError,
    Utterance,
)

RATE = 8000
STEPS = 3


def sound_of(text: str, tier: int = 0) -> Audio:
    """A sound that no other text has."""
    return Audio(hashlib.sha512(f"{tier} {text}".encode()).digest() * 20, RATE)


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class ToneEngine:
    """Takes `cost[tier]` seconds for a character, in steps, and asks between them who still waits.

    A batch of more characters than `fits` is out of memory; each `relief` that is given makes room for so many more.
    A text in `faults` fails its whole batch, one in `answers` only itself. One `in_bits` tells a third of it a step.
    """

    clock: Clock = field(default_factory=Clock)
    cost: Sequence[float] = (0.1,)
    parallel: int = 1
    largest_batch: int = 1
    fits: float = float("inf")
    reliefs: list[float] = field(default_factory=list)
    faults: dict[str, Callable[[], Exception]] = field(default_factory=dict)
    answers: dict[str, Callable[[], EngineError]] = field(default_factory=dict)
    in_bits: bool = False
    halts_when_heard: bool = False
    ill: bool = False
    name: str = "tone"
    licence: str = "none"

    def __post_init__(self) -> None:
        self.allowed = asyncio.Event()
        self.allowed.set()
        self.batches: list[list[str]] = []
        self.at_tiers: list[int] = []
        self.left: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}
        self.busy = 0
        self.warmed = 0

    def hold(self, text: str) -> None:
        """Do not speak the text, nor its batch, until it is released."""
        self.gates[text] = asyncio.Event()

    def release(self, text: str) -> None:
        self.gates[text].set()

    @property
    def tiers(self) -> Sequence[str]:
        return [f"t{tier}" for tier in range(len(self.cost))]

    async def warm_up(self) -> None:
        self.warmed += 1
        if self.ill:
            raise EngineError("ill")

    def work(self, utterance: Utterance) -> float:
        return len(utterance.text)

    def voices(self) -> Collection[str]:
        return ["ana"]

    def relieve(self) -> bool:
        if not self.reliefs:
            return False
        self.fits += self.reliefs.pop(0)
        return True

    async def synthesise(self, batch: Sequence[Job], tier: int) -> Sequence[Answer]:
        assert self.busy < self.parallel
        assert 0 < len(batch) <= self.largest_batch
        self.busy += 1
        self.batches.append([job.utterance.text for job in batch])
        self.at_tiers.append(tier)
        try:
            return await self._spoken(batch, tier)
        finally:
            self.busy -= 1

    async def _spoken(self, batch: Sequence[Job], tier: int) -> Sequence[Answer]:
        work = sum(self.work(job.utterance) for job in batch)
        if work > self.fits:
            raise OutOfMemoryError(f"{work} characters")
        wanted = list(batch)
        for step in range(STEPS):
            await self.allowed.wait()
            for job in batch:
                await self.gates.get(job.utterance.text, self.allowed).wait()
            await asyncio.sleep(0)
            self.clock.now += work * self.cost[tier] / STEPS
            wanted = [job for job in wanted if job.is_wanted()]
            if not wanted:
                break
            self._tell(wanted, step, tier)
        self.left += [job.utterance.text for job in batch if job not in wanted]
        for job in wanted:
            if make := self.faults.get(job.utterance.text):
                raise make()
        return [self._answer(job.utterance, tier) if job in wanted else None for job in batch]

    def _tell(self, jobs: Sequence[Job], step: int, tier: int) -> None:
        """A third of its sound to whoever listens."""
        for job in jobs if self.in_bits else ():
            whole = sound_of(job.utterance.text, tier).samples
            start, end = (
                SAMPLE_BYTES * (len(whole) // SAMPLE_BYTES * each // STEPS) for each in (step, step + 1)
            )
            if job.hear is not None:
                job.hear(Audio(whole[start:end], RATE))
                if self.halts_when_heard:
                    self.allowed.clear()

    def _answer(self, utterance: Utterance, tier: int) -> Answer:
        if self.ill or utterance.text.startswith("fail"):
            return EngineError("broken")
        if make := self.answers.get(utterance.text):
            return make()
        if utterance.text.startswith("mute"):
            return TextError("nothing to say")
        return sound_of(utterance.text, tier)


class LossyEngine(ToneEngine):
    """Loses its device by the text `lost`, which it holds until two others have come, to be spoken or to wait."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.faults["lost"] = lambda: DeviceLostError("unspecified launch failure")
        self.hold("lost")
        self.others: set[str] = set()

    def work(self, utterance: Utterance) -> float:
        self.others |= {utterance.text} & {"waits", "too"}
        if len(self.others) > 1:
            self.release("lost")
        return super().work(utterance)


if __name__ == "__main__":
    from voice_server import logs
    from voice_server.engine.app import run
    from voice_server.settings import EngineSettings

    logs.configure()
    run(LossyEngine(), EngineSettings.read(os.environ))

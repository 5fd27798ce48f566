"""The F5 engine as a pod holds it: `python -m bench.gpu_served served FOLDER DEVICE ROUNDS`, JSON comes out.

How long until it is ready, how long a new voice takes, and what it does when the card is full: PyTorch is allowed less
of the card than five texts take together, then less than one takes.
"""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from bench.f5_files import Laid, another_voice
from bench.f5_speakers import TEXT, engine_of, to_first_step
from bench.gpu_meter import Meter, answer

from voice_server import metrics
from voice_server.audio.pcm import Audio
from voice_server.engine.device import Device, Task
from voice_server.engine.metrics import EngineMetrics
from voice_server.engines.base import Job, Utterance
from voice_server.engines.f5.schedule import TIERS
from voice_server.engines.sentences import counting

WHOSE = {"rollout": "bench", "variant": "bench"}
TEXTS = 5


def served(folder: Path, meter: Meter) -> dict[str, Any]:
    return asyncio.run(_served(Laid(folder), meter))


async def _served(laid: Laid, meter: Meter) -> dict[str, Any]:
    pod = Pod(laid, meter)
    began = time.perf_counter()
    await pod.device.warm_up(Utterance(counting("pt-BR", 5)))
    ready = time.perf_counter() - began
    return {
        "ready": ready,
        "new_voice": [await pod.new_voice(laid, number) for number in range(meter.rounds)],
        "full": await pod.filled() if meter.is_card else [],
    }


class Pod:
    def __init__(self, laid: Laid, meter: Meter) -> None:
        self._registry = metrics.new_registry()
        figures = EngineMetrics(self._registry, *WHOSE.values())
        self._engine = engine_of(laid, TIERS[0], meter.device)
        self.device = Device(self._engine, figures, time.monotonic)
        self._meter = meter

    async def new_voice(self, laid: Laid, number: int) -> float:
        voice = another_voice(laid, number).stem
        began = time.perf_counter()
        await to_first_step(self._engine, voice)
        return time.perf_counter() - began

    async def filled(self) -> list[dict[str, Any]]:
        """What becomes of five texts on a card with too little room for all, then of one without enough for it."""
        self._meter.tidy()
        steady = torch.cuda.memory_reserved()
        one, five = await self._needed(1), await self._needed(TEXTS)
        return [await self._squeezed(TEXTS, (one + five) // 2), await self._squeezed(1, (steady + one) // 2)]

    async def _needed(self, texts: int) -> int:
        """Bytes that PyTorch holds at most while it speaks so many texts together."""
        self._meter.tidy()
        torch.cuda.reset_peak_memory_stats()
        await self._speak(texts)
        return torch.cuda.max_memory_reserved()

    async def _squeezed(self, texts: int, room: int) -> dict[str, Any]:
        self._meter.tidy()
        whole = torch.cuda.get_device_properties(self._meter.device).total_memory
        before, batches = self._count("tts_vram_oom_total"), self._count("tts_engine_batch_size_count")
        torch.cuda.set_per_process_memory_fraction(room / whole)
        try:
            steps = await self._speak(texts)
        finally:
            torch.cuda.set_per_process_memory_fraction(1.0)
        return {
            "texts": texts,
            "room": room / 1e6,
            "shortages": self._count("tts_vram_oom_total") - before,
            "batches": self._count("tts_engine_batch_size_count") - batches,
            "steps": steps,
            "on_card": self._meter.held(),
        }

    async def _speak(self, texts: int) -> Sequence[str]:
        """The numbers of steps that they were spoken in; AssertionError where one was not."""
        job = Job(Utterance(TEXT), lambda: True)
        outcomes = await self.device.speak([Task(job, self.device.work(job.utterance))] * texts, 0)
        for outcome in outcomes:
            assert isinstance(outcome.answer, Audio), outcome.answer
        return sorted({self._engine.tiers[outcome.tier] for outcome in outcomes})

    def _count(self, name: str) -> float:
        return self._registry.get_sample_value(name, WHOSE) or 0.0


if __name__ == "__main__":
    answer(served)

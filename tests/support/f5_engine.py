"""The F5 engine whole, at its fewest steps, and what it is asked."""

from pathlib import Path
from typing import Any

from voice_server.engines.base import Job, Utterance
from voice_server.engines.f5.engine import F5Engine, create

TEXT = "olá, tudo bem com você?"


async def warm(folder: Path, **environment: str) -> F5Engine:
    engine = create({"VOICE_MODEL_PATH": str(folder), "F5_NFE": "5"} | environment)
    await engine.warm_up()
    return engine


def job(text: str = TEXT, *, wanted: bool = True, **other: Any) -> Job:
    return Job(Utterance(text, **other), lambda: wanted)


async def spoken(engine: F5Engine, *jobs: Job) -> list[Any]:
    return list(await engine.synthesise(jobs, 0))

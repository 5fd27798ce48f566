"""A thousand jobs through F5 and through XTTS, some of them heard, given up or impossible: exit 1 where memory grows.

    .venv/bin/python -m bench.soak        both, one after the other
    .venv/bin/python -m bench.soak xtts   one of them

Tiny weights of the true shape, on the CPU. Each engine has a process of its own that knows the settings of the image
(the ENV of Dockerfile.inference): what grows with jobs in a pod grows here, too.
"""

import asyncio
import gc
import os
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from itertools import repeat
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from voice_server import engines
from voice_server.audio.pcm import Audio
from voice_server.engines.base import EngineError, Job, Utterance

SETTLED, SHOWN = 50, range(100, 1001, 100)
"""Jobs after which memory is read: the first time to compare with, then to see it, the last time to judge."""
MOST_GROWTH = 0.02
ROOT = Path(__file__).parents[1]
OF_A_PLACE = {"PATH", "PYTHONPATH", "HOME"}
"""What an image sets because of where things lie in it."""
MODELS = {
    "f5": ("support.f5_model", {"F5_NFE": "5"}),
    "xtts": ("support.xtts", {"VOICE_ALLOW_NONCOMMERCIAL": "true"}),
}
"""The program that writes a tiny model, and what its engine is told."""
VOICES = ("ana", None, None, "nobody")
GIVEN_UP, LISTENED_TO = 0.1, 1 / 3


def main() -> int:
    names = sys.argv[1:] or list(MODELS)
    settings = the_images_settings()
    if settings.items() <= os.environ.items():
        return max(soaked(name) for name in names)
    print("as the image has it:", *(f"{name}={value}" for name, value in settings.items()), flush=True)
    # The C library and oneDNN read theirs when a process starts.
    command = [sys.executable, "-W", "ignore", "-m", "bench.soak"]
    return max(subprocess.call([*command, name], cwd=ROOT, env=os.environ | settings) for name in names)


def the_images_settings() -> dict[str, str]:
    """Every variable of the image that means the same outside of it."""
    instructions = (ROOT / "Dockerfile.inference").read_text().replace("\\\n", " ").splitlines()
    assigned = " ".join(line for line in instructions if line.startswith("ENV "))
    return {name: value for name, value in re.findall(r"(\w+)=(\S+)", assigned) if name not in OF_A_PLACE}


def soaked(name: str) -> int:
    """1 where the engine's process holds more at the end than it may."""
    program, told = MODELS[name]
    with TemporaryDirectory() as folder:
        writing = [sys.executable, "-W", "ignore", "-m", program, folder]
        subprocess.run(writing, cwd=ROOT / "tests", check=True)
        print(f"{name}\n    jobs     resident   growth  Python objects", flush=True)
        growth = asyncio.run(grown(name, {"VOICE_MODEL_PATH": folder, "VOICE_DEVICE": "cpu"} | told))
    is_flat = growth <= MOST_GROWTH
    print(
        f"{'ok' if is_flat else 'MISSED'}  {name}: {growth:+.1%} (promised <= {MOST_GROWTH:.0%})", flush=True
    )
    return int(not is_flat)


async def grown(name: str, environment: Mapping[str, str]) -> float:
    """By what part the process is larger after all jobs than after the first."""
    engine = engines.load(name, environment)
    await engine.warm_up()
    drawn, began, done, due = random.Random(1), monotonic(), 0, [SETTLED, *SHOWN]
    answers: Counter[str] = Counter()
    read: list[int] = []
    while due:
        batch = [a_job(drawn) for _ in range(drawn.randint(1, engine.largest_batch))]
        answers.update(map(kind, await engine.synthesise(batch, 0)))
        done += len(batch)
        if done >= due[0]:
            due.pop(0)
            read.append(resident())
            growth, objects = read[-1] / read[0] - 1, len(gc.get_objects())
            print(f"  {done:6} {read[-1] / 1e6:9.1f} MB {growth:+8.1%}{objects:16,}", flush=True)
    print(f"  {monotonic() - began:.0f} s: {', '.join(f'{n} {what}' for what, n in answers.items())}")
    return read[-1] / read[0] - 1


def a_job(drawn: random.Random) -> Job:
    """One in three has a listener; one in ten is given up, before the work has begun or in the midst of it."""
    text = "olá mundo " * drawn.randint(1, 8)
    left = iter(range(drawn.randint(0, 9))) if drawn.random() < GIVEN_UP else repeat(0)
    heard: list[Audio] = []
    hear = heard.append if drawn.random() < LISTENED_TO else None
    return Job(Utterance(text, drawn.choice(VOICES)), lambda: next(left, None) is not None, hear)


def kind(answer: Audio | EngineError | None) -> str:
    if isinstance(answer, EngineError):
        return "refused"
    return "spoken" if answer else "given up"


def resident() -> int:
    """Bytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    sys.exit(main())

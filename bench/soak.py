"""A thousand jobs through the F5 engine, cancelled and impossible ones among them: exit 1 where its memory grows.

Tiny weights of the true shape, on the CPU, in a process with the image's own settings (Dockerfile.inference): what
grows with jobs grows here, too. `make bench-soak` runs it, in some minutes.
"""

import asyncio
import os
import random
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from support.f5_model import a_model
from voice_server.engines.base import EngineError, Job, Utterance
from voice_server.engines.f5.engine import create

JOBS, SETTLED = 1000, 50
MOST_GROWTH = 0.02
SETTINGS = ("MALLOC_MMAP_THRESHOLD_", "ONEDNN_PRIMITIVE_CACHE_CAPACITY")
DOCKERFILE = Path(__file__).parents[1] / "Dockerfile.inference"


async def main() -> int:
    with TemporaryDirectory() as folder:
        engine = create({"VOICE_MODEL_PATH": str(a_model(Path(folder))), "F5_NFE": "5"})
        await engine.warm_up()
        drawn, began, done, settled = random.Random(1), monotonic(), 0, 0
        answers = dict.fromkeys(("sound", "given up", "refused"), 0)
        while done < JOBS:
            batch = [a_job(drawn) for _ in range(drawn.randint(1, engine.largest_batch))]
            for answer in await engine.synthesise(batch, 0):
                kind = (
                    "given up"
                    if answer is None
                    else "refused"
                    if isinstance(answer, EngineError)
                    else "sound"
                )
                answers[kind] += 1
            done += len(batch)
            settled = settled or (resident() if done >= SETTLED else 0)
    growth = resident() / settled - 1
    print(f"{done} jobs in {monotonic() - began:.0f} s: {answers}")
    print(
        f"resident {settled / 1e6:.0f} MB after {SETTLED}, {resident() / 1e6:.0f} MB at the end: {growth:+.1%}"
    )
    return int(growth > MOST_GROWTH)


def a_job(drawn: random.Random) -> Job:
    text = "olá mundo " * drawn.randint(1, 8)
    wanted = drawn.random() > 0.1
    return Job(Utterance(text, drawn.choice(["ana", "rui", None, "nobody"])), lambda: wanted)


def resident() -> int:
    """Bytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def the_images_settings() -> dict[str, str]:
    found = dict(re.findall(r"(\w+)=(\S+)", DOCKERFILE.read_text()))
    return {name: found[name] for name in SETTINGS}


if __name__ == "__main__":
    wanted = the_images_settings()
    if not wanted.items() <= os.environ.items():
        os.execve(
            sys.executable, [sys.executable, *sys.argv], os.environ | wanted
        )  # read when a process starts
    sys.exit(asyncio.run(main()))

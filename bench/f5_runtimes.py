"""One measurement of F5-TTS in a process of its own: `python -m bench.f5_runtimes MEASUREMENT FOLDER`, JSON comes out.

`FOLDER` is what `f5_files.lay_out` wrote. MEASUREMENT is the name of a function below. CPU seconds are this process's
own, so that they mean something on a machine that does other things.
"""

import asyncio
import contextlib
import gc
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch
from bench.f5_files import Laid, another_voice
from bench.f5_speakers import (
    STEPS,
    Ours,
    Upstream,
    our_network,
    served,
    to_first_step,
    trimmed,
    upstream_network,
    upstream_to_first_step,
)

from voice_server.engines.f5.architecture import Architecture


def memory_ours(laid: Laid) -> dict[str, float]:
    return _memory(lambda: our_network(laid, laid.architecture))


def memory_upstream(laid: Laid) -> dict[str, float]:
    return _memory(lambda: upstream_network(laid, laid.architecture))


def v0(laid: Laid) -> dict[str, float]:
    return _warm(laid, laid.v0, 1)


def v1(laid: Laid) -> dict[str, float]:
    return _warm(laid, laid.architecture, 2)


def tiers(laid: Laid) -> dict[str, float]:
    """CPU seconds of 16 and of 7 steps."""
    ours = Ours(laid, laid.architecture, trimmed(laid))
    return {str(steps): _least(1, partial(ours.speak, steps)) for steps in (7, 16)}


def cold(laid: Laid) -> dict[str, float]:
    """Seconds from a recording beside the model to the first step of its first text, in the engine as it is served.

    "flac" is the same of a file that a child process decodes; "upstream" that of the WAV file in f5-tts.
    """
    return asyncio.run(_cold(laid))


async def _cold(laid: Laid) -> dict[str, float]:
    engine = await served(laid)
    seconds: dict[str, list[float]] = {"wav": [], "flac": [], "upstream": []}
    for attempt in range(30):
        wav, flac = another_voice(laid, attempt), another_voice(laid, attempt, "flac")
        with _clock(seconds["wav"]):
            await to_first_step(engine, wav.stem)
        with _clock(seconds["flac"]):
            await to_first_step(engine, flac.stem)
        with _clock(seconds["upstream"]):
            upstream_to_first_step(wav)
    return {way: min(times) for way, times in seconds.items()}


def _warm(laid: Laid, architecture: Architecture, rounds: int) -> dict[str, float]:
    """CPU seconds for a text of a voice that was spoken with before."""
    recording = trimmed(laid)
    ours, upstream = Ours(laid, architecture, recording), Upstream(laid, architecture, recording)
    return {
        "upstream": _least(rounds, lambda: upstream.speak(STEPS)),
        "ours": _least(rounds, lambda: ours.speak(STEPS)),
    }


def _least(rounds: int, speak: Callable[[], object]) -> float:
    spent = []
    for _ in range(rounds):
        start = time.process_time()
        speak()
        spent.append(time.process_time() - start)
    return min(spent)


def _memory(load: Callable[[], object]) -> dict[str, float]:
    """MB more than before: at most while it loads, and afterwards."""
    gc.collect()
    before = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    loaded = load()
    peak = _status("VmHWM") - before
    gc.collect()
    steady = _status("VmRSS") - before
    del loaded
    return {"load": peak, "steady": steady}


def _status(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(field))


@contextlib.contextmanager
def _clock(seconds: list[float]) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds.append(time.perf_counter() - start)


def main() -> None:
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    measurement, folder = sys.argv[1:]
    print(json.dumps(globals()[measurement](Laid(Path(folder)))))


if __name__ == "__main__":
    main()

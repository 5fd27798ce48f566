"""XTTS on a device: `python -m bench.gpu_xtts xtts FOLDER DEVICE ROUNDS`, JSON comes out.

Random weights of the true size are written to FOLDER, or of one layer where it is named "small". Ours and upstream's
are on the device one after the other: a card of 4 GB does not hold both.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from bench.gpu_meter import SMALL, Meter, answer
from bench.xtts import SEEDS, Ours, Theirs, heard, written

from voice_server.engines.xtts import checkpoint


def xtts(folder: Path, meter: Meter) -> dict[str, Any]:
    layers, seconds, width = (1, 0.5, 64) if folder.name == SMALL else (30, 10.0, 512)
    model = written(folder, layers, seconds, width)
    return {
        "speech": seconds,
        "ours": _ours(folder, seconds, meter),
        "upstream": _upstream(lambda: Theirs(model.to(meter.device)), meter),
    }


def _ours(folder: Path, seconds: float, meter: Meter) -> dict[str, Any]:
    device = torch.device(meter.device)
    speaker, loading, steady = meter.loaded(lambda: Ours(checkpoint.load(folder, device), seconds))
    return {
        "one": meter.seconds(lambda: speaker.speak(1)),
        "one_by_one": meter.seconds(lambda: speaker.speak_one_by_one(*SEEDS)),
        "together": meter.seconds(lambda: speaker.speak(*SEEDS)),
        "hearing": meter.seconds(speaker.hear),
        "memory": [loading, steady, meter.peak(lambda: speaker.speak(1))],
        "together_peak": meter.peak(lambda: speaker.speak(*SEEDS)),
        **_stream(speaker.stream, meter),
    }


def _upstream(load: Callable[[], Theirs], meter: Meter) -> dict[str, Any]:
    speaker, loading, steady = meter.loaded(load)
    return {
        "one": meter.seconds(speaker.speak),
        "memory": [loading, steady, meter.peak(speaker.speak)],
        **_stream(speaker.stream, meter),
    }


def _stream(stream: Callable[[Callable[[object], None]], None], meter: Meter) -> dict[str, list[float]]:
    """Seconds until all of it, and until its first sound."""
    first: list[float] = []
    whole = meter.seconds(lambda: heard(stream, first))
    return {"streamed": whole, "first_sound": first[1:]}


if __name__ == "__main__":
    answer(xtts)

"""F5-TTS on a device, `ours` or `upstream`: `python -m bench.gpu_f5 WHOSE FOLDER DEVICE ROUNDS`, JSON comes out."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import torch
from bench.f5_files import Laid
from bench.f5_speakers import STEPS, Ours, Upstream, trimmed
from bench.gpu_meter import Meter, answer

from voice_server.engines.f5.mel import SAMPLE_RATE
from voice_server.engines.f5.schedule import TIERS

SEEDS = (1, 2, 3, 4, 5)


class Speaker(Protocol):
    def speak(self, steps: int, /) -> list[torch.Tensor]: ...


def ours(folder: Path, meter: Meter) -> dict[str, Any]:
    laid = Laid(folder)
    recording, v1 = trimmed(laid), laid.architecture
    spoken = {
        "v1": _figures(meter, lambda: Ours(laid, v1, recording, meter.device)),
        "v1 stored in fp16": _figures(meter, lambda: Ours(laid, v1, recording, meter.device, torch.float16)),
        "v0": _figures(meter, lambda: Ours(laid, laid.v0, recording, meter.device)),
    }
    speaker = Ours(laid, v1, recording, meter.device)
    batches = [SEEDS[:size] for size in SEEDS]
    return {
        "spoken": spoken,
        "together": [meter.seconds(partial(speaker.speak, STEPS, seeds)) for seeds in batches],
        "together_peak": meter.peak(lambda: speaker.speak(STEPS, SEEDS)),
        "unlike_alone": _unlike(
            speaker.mels(STEPS, SEEDS), [speaker.mels(STEPS, [seed])[0] for seed in SEEDS]
        ),
        "unlike_cpu": _unlike(speaker.mels(STEPS), Ours(laid, v1, recording).mels(STEPS)),
    }


def upstream(folder: Path, meter: Meter) -> dict[str, Any]:
    """Where it computes in fp16, as it does on cards since Volta, it is measured in fp32, too."""
    laid = Laid(folder)
    recording, spoken = trimmed(laid), {}
    for name, architecture in (("v1", laid.architecture), ("v0", laid.v0)):
        load = partial(Upstream, laid, architecture, recording, meter.device)
        spoken[name] = _figures(meter, load)
        if spoken[name]["type"] != "fp32":
            spoken[f"{name} fp32"] = _figures(meter, partial(load, in_fp32=True))
    return {"spoken": spoken}


def _figures(meter: Meter, load: Callable[[], Ours | Upstream]) -> dict[str, Any]:
    """Of one network: MB at most while it loads, afterwards, at most while it speaks; seconds by number of steps."""
    speaker, loading, steady = meter.loaded(load)
    speaking = meter.peak(lambda: speaker.speak(STEPS))
    (sound,) = speaker.speak(STEPS)
    return {
        "type": speaker.computes_in,
        "memory": [loading, steady, speaking],
        "speech": len(sound) / SAMPLE_RATE,
        "seconds": {str(steps): meter.seconds(partial(speaker.speak, steps)) for steps in TIERS},
    }


def _unlike(mels: list[torch.Tensor], others: list[torch.Tensor]) -> float:
    """The largest difference between any two of their numbers, which are logarithms of loudness."""
    pairs = zip(mels, others, strict=True)
    return max(float((one.cpu() - other.cpu()).abs().max()) for one, other in pairs)


if __name__ == "__main__":
    answer(ours, upstream)

"""How fast people are taken back, on a real cluster with a real Prometheus, real engines and users who speak.

Again and again the candidate's model is damaged under it, and two times are taken: from the breach being visible in
Prometheus to the flag committed, and from there to the last gateway switched. `make bench-rollback` runs it.
"""

import argparse
import asyncio
import json
import math
import os
import sys
import time
from functools import partial
from pathlib import Path
from statistics import median

from demo import stage, watch
from demo.scene import Scene, opened

IMAGE = os.environ.get("VOICE_ENGINE_IMAGE", "localhost/voice-rollout/inference:dev")
PROMETHEUS = os.environ.get("VOICE_PROMETHEUS_URL", "http://198.51.100.1:9090")
INTERVAL_SECONDS = 2.0  # analysis.interval of examples/01-first-rollout.yaml
TO_FLAG_SECONDS = INTERVAL_SECONDS + 0.5
TO_GATEWAY_SECONDS = 0.5
SHARES = (50, 40)


async def main(repetitions: int) -> list[dict[str, float]]:
    async with opened(IMAGE, say) as scene:
        scene.watch(watch.breach(scene.sight, scene.session, PROMETHEUS))
        taken = []
        for number in range(repetitions):
            taken.append(await once(scene, SHARES[number % len(SHARES)]))
            say(f"{number + 1:3}: " + ", ".join(f"{name} {value:.3f}" for name, value in taken[-1].items()))
        return taken


async def once(scene: Scene, share: int) -> dict[str, float]:
    """Open a share, wait until it is judged good, break the model, and see everybody taken back."""
    sight = scene.sight
    known = max(sight.documents)
    declare(share)
    await scene.until("the share is open", partial(is_served, scene, known), 60)
    await scene.until("the candidate is judged good", partial(is_healthy, scene), 60)
    sight.breach_visible, before = None, max(sight.documents)
    with damaged(stage.phonemes()):
        await scene.until("everybody is back", lambda: max(sight.switched, default=0) > before, 60)
    back = before + 1
    assert not sight.documents[back].on
    assert sight.breach_visible is not None
    return {
        "breach_to_flag_seconds": sight.committed[back] - sight.breach_visible,
        "flag_to_last_gateway_seconds": sight.switched[back] - sight.committed[back],
    }


def declare(share: int) -> None:
    spec = {"advance": "Manual", "phase": "beta", "percentage": share}
    stage.kubectl("patch", "voicerollout", stage.ROLLOUT, "--type=merge", "-p", json.dumps({"spec": spec}))


def is_served(scene: Scene, known: int) -> bool:
    latest = max(scene.sight.documents)
    return latest > known and scene.sight.documents[latest].on and latest in scene.sight.switched


def is_healthy(scene: Scene) -> bool:
    conditions = {one["type"]: one["status"] for one in scene.sight.status.get("conditions", [])}
    return conditions.get("MetricsHealthy") == "True" and scene.sight.error_rate == 0.0


class damaged:  # noqa: N801 - reads as a word
    """A model file cut short, and whole again afterwards."""

    def __init__(self, file: Path) -> None:
        self._file, self._whole = file, file.read_bytes()

    def __enter__(self) -> None:
        self._file.write_bytes(self._whole[:1000])

    def __exit__(self, *_: object) -> None:
        self._file.write_bytes(self._whole)


def percentile_99(values: list[float]) -> float:
    """The value that 99 % do not exceed: of 20, the largest."""
    return sorted(values)[math.ceil(0.99 * len(values)) - 1]


def conclude(taken: list[dict[str, float]], *, as_json: bool) -> int:
    limits = {"breach_to_flag_seconds": TO_FLAG_SECONDS, "flag_to_last_gateway_seconds": TO_GATEWAY_SECONDS}
    result = {
        name: {"median": median(v), "p99": percentile_99(v), "limit": limit, "repetitions": len(v)}
        for name, limit in limits.items()
        for v in [[one[name] for one in taken]]
    }
    if as_json:
        print(json.dumps(result, indent=2))
    for name, figures in result.items():
        say(f"{name:<30} median {figures['median']:.3f}  p99 {figures['p99']:.3f}  limit {figures['limit']}")
    return int(any(figures["p99"] > figures["limit"] for figures in result.values()))


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    sys.exit(conclude(asyncio.run(main(arguments.repetitions)), as_json=arguments.json))

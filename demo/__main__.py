"""`make demo`: users move from one voice to another and back, on a real cluster, with a model that really breaks."""

import asyncio
import json
import math
import os
import sys
import time
from pathlib import Path

from demo import report, stage, watch
from demo.scene import Scene, opened

OUT = Path("build/demo")
PROMETHEUS = os.environ.get("VOICE_PROMETHEUS_URL", "http://198.51.100.1:9090")
RECENT_SECONDS = 5.0
BEGAN = time.time()


async def main() -> int:
    OUT.mkdir(parents=True, exist_ok=True)
    async with opened(stage.IMAGE, say) as scene:
        scene.watch(watch.breach(scene.sight, scene.session, PROMETHEUS), progress(scene))
        await story(scene)
        await record_voices(scene)
    return conclude(scene)


async def story(scene: Scene) -> None:
    """Up, broken, back, repaired, and up to everybody."""
    await scene.until("beta 50 %", lambda: scene.reached("beta", 50), 90)
    say("the candidate's model is damaged on its volume")
    await asyncio.to_thread(stage.break_model)
    await scene.until("rolled back", lambda: scene.state_is("RolledBack"), 40)
    say(scene.says())
    say("repaired by a new spec: the candidate reads another volume")
    await asyncio.to_thread(stage.repair)
    await scene.until("everybody on the candidate", lambda: scene.state_is("Complete"), 150)
    say(scene.says())
    await asyncio.to_thread(stage.stop_users)


async def progress(scene: Scene) -> None:
    """A line every other second, as the users see it."""
    sight = scene.sight
    while True:
        recent = [one for one in sight.requests if one["at"] > time.time() - RECENT_SECONDS]
        slow = sorted(one["seconds"] for one in recent)
        on = {one["user"] for one in recent if one.get("variant") == "candidate"}
        share = f"{sight.status.get('phase', '-'):>8} {sight.status.get('percentage', 0):>5g} %"
        rate = sight.error_rate
        errors = f"{rate:6.1%}" if rate is not None and math.isfinite(rate) else "     -"
        p99 = f"{slow[int(len(slow) * 0.99)]:.2f} s" if slow else "-"
        failed = sum(one["status"] != 200 for one in sight.requests)
        say(
            f"{share}  {sight.status.get('state', '-'):<11} candidate errors {errors}  p99 {p99:<7}"
            f" users on candidate {len(on)} of {len({one['user'] for one in recent})}, failed {failed}",
        )
        await asyncio.sleep(2)


async def record_voices(scene: Scene) -> None:
    """One WAV an engine."""
    for side, address in stage.engine_addresses().items():
        body = {"input": "Olá! Esta é a voz que os usuários ouvem agora.", "response_format": "wav"}
        async with scene.session.post(f"http://{address}/v1/audio/speech", json=body) as answer:
            answer.raise_for_status()
            (OUT / f"{side}.wav").write_bytes(await answer.read())


def conclude(scene: Scene) -> int:
    """Write the figures, print them, and say which promises were broken."""
    result = report.summary(scene.sight, BEGAN)
    broken = report.broken_promises(result)
    (OUT / "summary.json").write_text(json.dumps({**result, "broken_promises": broken}, indent=2) + "\n")
    print("\n".join(["", "Shares of the users on the candidate:", *report.timeline(result), ""]))
    fallbacks = ", ".join(f"{count} {why}" for why, count in result["answered_by_fallback"].items())
    told = (
        ("breach visible in Prometheus to flag committed", f"{result['breach_to_flag_seconds']} s"),
        ("flag committed to the last gateway switched", f"{result['flag_to_last_gateway_seconds']} s"),
        ("requests, failed for users", f"{result['requests']}, {result['failed_for_users']}"),
        ("requests answered by stable when the candidate failed", fallbacks or "none"),
        ("users, changed side wrongly", f"{result['users']}, {result['changed_side_wrongly']}"),
        ("written", f"{OUT}/summary.json, {OUT}/stable.wav, {OUT}/candidate.wav"),
    )
    print("\n".join(f"{what:<56} {figure}" for what, figure in told))
    for sentence in broken:
        print(f"PROMISE BROKEN: {sentence}", file=sys.stderr)
    return 1 if broken else 0


def say(text: str) -> None:
    print(f"{time.time() - BEGAN:7.1f} s  {text}", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except (TimeoutError, RuntimeError) as problem:
        sys.exit(f"the demo ended early: {problem}")

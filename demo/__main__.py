"""`make demo`: users move from one voice to another and back, on a real cluster, with a model that really breaks."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import aiohttp
from demo import report, stage, watch
from demo.watch import Sight
from kubernetes.aio import client, config

OUT = Path("build/demo")
IMAGE = os.environ.get("VOICE_ENGINE_IMAGE", "localhost/voice-rollout/inference:dev")
PROMETHEUS = os.environ.get("VOICE_PROMETHEUS_URL", "http://198.51.100.1:9090")
RECENT_SECONDS = 5.0


async def main() -> int:
    began = time.time()
    OUT.mkdir(parents=True, exist_ok=True)
    say(began, "cleaning up after an earlier demo, putting the voices on their volumes")
    await asyncio.to_thread(stage.clean)
    await asyncio.to_thread(stage.put_voices, IMAGE)
    say(began, f"kubectl apply -f {stage.EXAMPLE.relative_to(Path.cwd())}")
    await asyncio.to_thread(stage.start_rollout)
    sight = Sight()
    await config.load_kube_config()
    async with client.ApiClient() as api, aiohttp.ClientSession() as session:
        watching = await _watch(sight, api, session, began)
        try:
            await _story(sight, began)
            await _record_voices(session)
        finally:
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)
    return _conclude(sight, began)


async def _watch(
    sight: Sight, api: client.ApiClient, session: aiohttp.ClientSession, began: float
) -> list[asyncio.Task[None]]:
    core, custom = client.CoreV1Api(api), client.CustomObjectsApi(api)
    eyes = [watch.flags(sight, core), watch.status(sight, custom), watch.gateways(sight, session, core)]
    tasks = [asyncio.create_task(eye) for eye in eyes]
    await until(sight, "stable pods are ready", lambda: _ready(sight, "stable"), 60)
    say(began, f"{stage.USERS} users start to speak, {stage.RATE} requests a second")
    await asyncio.to_thread(stage.start_users, IMAGE)
    eyes = [watch.users(sight), watch.breach(sight, session, PROMETHEUS), _progress(sight, began)]
    return tasks + [asyncio.create_task(eye) for eye in eyes]


async def _story(sight: Sight, began: float) -> None:
    await until(sight, "beta 50 %", lambda: _is_at(sight, "beta", 50), 90)
    say(began, "the candidate's model is damaged on its volume")
    await asyncio.to_thread(stage.break_model)
    await until(sight, "rolled back", lambda: sight.status.get("state") == "RolledBack", 40)
    say(began, sight.status["message"])
    say(began, "repaired by a new spec: the candidate reads another volume")
    await asyncio.to_thread(stage.repair)
    await until(sight, "everybody on the candidate", lambda: sight.status.get("state") == "Complete", 150)
    say(began, sight.status["message"])
    await asyncio.to_thread(stage.kubectl, "delete", "pod", "demo-users", "--wait=false")
    await asyncio.sleep(1)


async def until(sight: Sight, what: str, holds: Callable[[], bool], seconds: float) -> None:
    """Wait for something to be seen, or fail with the last status."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise SystemExit(f"not seen in {seconds:g} s: {what}; last status: {sight.status.get('message')}")
        await asyncio.sleep(0.1)


def _ready(sight: Sight, side: str) -> bool:
    pods = sight.status.get("workloads", {}).get(side, {})
    return bool(pods.get("ready")) and pods["ready"] == pods["wanted"]


def _is_at(sight: Sight, phase: str, share: float) -> bool:
    return (sight.status.get("phase"), sight.status.get("percentage")) == (phase, share)


async def _progress(sight: Sight, began: float) -> None:
    """A line every other second, as the users see it."""
    while True:
        now = time.time()
        recent = [one for one in sight.requests if one["at"] > now - RECENT_SECONDS]
        slow = sorted(one["seconds"] for one in recent)
        on = {one["user"] for one in recent if one.get("variant") == "candidate"}
        share = f"{sight.status.get('phase', '-'):>8} {sight.status.get('percentage', 0):>5g} %"
        errors = "   -  " if sight.error_rate is None else f"{sight.error_rate:6.1%}"
        p99 = f"{slow[int(len(slow) * 0.99)]:.2f} s" if slow else "-"
        failed = sum(one["status"] != 200 for one in sight.requests)
        say(
            began,
            f"{share}  {sight.status.get('state', '-'):<11} candidate errors {errors}  p99 {p99:<7}"
            f" users on candidate {len(on)} of {len({one['user'] for one in recent})}, failed {failed}",
        )
        await asyncio.sleep(2)


async def _record_voices(session: aiohttp.ClientSession) -> None:
    """One WAV an engine."""
    for side, address in stage.engine_addresses().items():
        body = {"input": "Olá! Esta é a voz que os usuários ouvem agora.", "response_format": "wav"}
        async with session.post(f"http://{address}/v1/audio/speech", json=body) as answer:
            answer.raise_for_status()
            (OUT / f"{side}.wav").write_bytes(await answer.read())


def _conclude(sight: Sight, began: float) -> int:
    result = report.summary(sight, began)
    broken = report.broken_promises(result)
    (OUT / "summary.json").write_text(json.dumps({**result, "broken_promises": broken}, indent=2) + "\n")
    print("\n".join(["", "Shares of the users on the candidate:", *report.timeline(result), ""]))
    told = (
        ("breach visible in Prometheus to flag committed", f"{result['breach_to_flag_seconds']} s"),
        ("flag committed to the last gateway switched", f"{result['flag_to_last_gateway_seconds']} s"),
        ("requests, failed for users", f"{result['requests']}, {result['failed_for_users']}"),
        ("requests answered by stable when the candidate failed", str(result["answered_by_fallback"])),
        ("users, changed side wrongly", f"{result['users']}, {result['changed_side_wrongly']}"),
        ("written", f"{OUT}/summary.json, {OUT}/stable.wav, {OUT}/candidate.wav"),
    )
    print("\n".join(f"{what:<56} {figure}" for what, figure in told))
    for sentence in broken:
        print(f"PROMISE BROKEN: {sentence}", file=sys.stderr)
    return 1 if broken else 0


def say(began: float, text: str) -> None:
    print(f"{time.time() - began:7.1f} s  {text}", flush=True)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

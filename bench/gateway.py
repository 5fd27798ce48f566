"""What the gateway adds to a call of the engine: p50 and p99 at 100 requests a second, and exit 1 when it is too much.

The engine is our own engine server with a voice that answers one stored WAV, so that the processors measure the gateway
and not a synthesis; `--engine espeak` takes the real one (then lower `--rate`). Seconds of direct calls and seconds of
calls through the gateway take turns. Calls start on a seeded Poisson schedule, whether or not earlier ones have ended,
and each is timed from the moment it was due; with `--stream` they ask for streams, and are timed to the first sound.
"""

import argparse
import asyncio
import contextlib
import gc
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import aiohttp

from voice_flags import Document, Endpoint

PROMISE_MS = {"p50": 2.0, "p99": 8.0}
WARM_UP = 2
TEXT = "O ano é dois mil e vinte e seis, e a voz que você ouve talvez já seja outra."
ROLLOUT = "bench"


def main() -> None:
    wanted = _arguments()
    with contextlib.ExitStack() as stack:
        engine, gateway = _started(wanted.engine, stack)
        times = asyncio.run(_measure(engine, gateway, wanted))
    report = _report(times)
    print(json.dumps(report) if wanted.json else _table(report))
    sys.exit(not all(report["added_ms"][name] <= most for name, most in PROMISE_MS.items()))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=["stored", "espeak"], default="stored")
    parser.add_argument("--rate", type=float, default=100, help="requests a second")
    parser.add_argument("--seconds", type=int, default=28, help="of measuring, half of it for each way")
    parser.add_argument("--stream", action="store_true", help="time the first sound of streams, not the last")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args()


async def _measure(engine: str, gateway: str, wanted: argparse.Namespace) -> dict[str, list[float]]:
    """Seconds a call took, by the way it went."""
    chance = random.Random(20261120)
    schedules = [list(_arrivals(chance, wanted.rate)) for _ in range(wanted.seconds // 2)]
    request = {"input": TEXT} | ({"stream_format": "audio"} if wanted.stream else {})
    times: dict[str, list[float]] = {"direct": [], "gateway": []}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        for url in (engine, gateway) * WARM_UP:
            await _second(session, url, list(_arrivals(chance, wanted.rate)), request)
        gc.freeze()
        gc.disable()
        for schedule in schedules:
            times["direct"] += await _second(session, engine, schedule, request)
            times["gateway"] += await _second(session, gateway, schedule, request)
    return times


def _arrivals(chance: random.Random, rate: float) -> Iterator[float]:
    at = chance.expovariate(rate)
    while at < 1:
        yield at
        at += chance.expovariate(rate)


async def _second(
    session: aiohttp.ClientSession, url: str, schedule: list[float], request: dict[str, str]
) -> list[float]:
    start = time.perf_counter() + 0.05
    async with asyncio.TaskGroup() as group:
        calls = [
            group.create_task(_call(session, url, start + at, request | {"user": f"user-{number}"}))
            for number, at in enumerate(schedule)
        ]
    return [call.result() for call in calls]


async def _call(session: aiohttp.ClientSession, url: str, due: float, request: dict[str, str]) -> float:
    await asyncio.sleep(due - time.perf_counter())
    async with session.post(f"{url}/v1/audio/speech", json=request) as response:
        speech = await response.content.readany()
        first = time.perf_counter()
        speech += await response.read()
        if response.status != 200 or not speech.startswith(b"RIFF") or "X-Fallback" in response.headers:
            raise RuntimeError(f"{url} answered {response.status}: {speech[:200]!r}")
    return (first if "stream_format" in request else time.perf_counter()) - due


def _report(times: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    figures = {
        way: {name: round(_quantile(taken, name) * 1e3, 3) for name in PROMISE_MS}
        for way, taken in times.items()
    }
    added = {name: round(figures["gateway"][name] - figures["direct"][name], 3) for name in PROMISE_MS}
    counts = {way: len(taken) for way, taken in times.items()}
    return {
        "calls": counts,
        "direct_ms": figures["direct"],
        "gateway_ms": figures["gateway"],
        "added_ms": added,
    }


def _quantile(taken: list[float], name: str) -> float:
    share = int(name.removeprefix("p")) / 100
    return sorted(taken)[min(len(taken) - 1, int(share * len(taken)))]


def _table(report: dict[str, dict[str, float]]) -> str:
    lines = [f"{'':10}{'p50':>10}{'p99':>10}   ({report['calls']['direct']} calls each way)"]
    for title in ("direct", "gateway", "added"):
        row = report[f"{title}_ms"]
        lines.append(f"{title:10}{row['p50']:>7.2f} ms{row['p99']:>7.2f} ms")
    lines.append(f"{'promised':10}{PROMISE_MS['p50']:>7.2f} ms{PROMISE_MS['p99']:>7.2f} ms")
    return "\n".join(lines)


def _started(engine: str, stack: contextlib.ExitStack) -> tuple[str, str]:
    """The addresses of a running engine and of a gateway in front of it."""
    engine_port, gateway_port = _free_port(), _free_port()
    engine_url = f"http://127.0.0.1:{engine_port}"
    flags = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    (flags / f"{ROLLOUT}.flag.json").write_text(_document(engine_url).to_json())
    if engine == "espeak":
        _start(stack, engine_port, ["-m", "voice_server", "engine"], VOICE_ENGINE="espeak")
    else:
        _start(stack, engine_port, [str(Path(__file__).with_name("stored_engine.py"))])
    _start(
        stack, gateway_port, ["-m", "voice_server", "gateway"],
        VOICE_FLAGS_PATH=str(flags), VOICE_DEFAULT_ROLLOUT=ROLLOUT,
    )  # fmt: skip
    return engine_url, f"http://127.0.0.1:{gateway_port}"


def _document(url: str) -> Document:
    stable, candidate = Endpoint("stable", url), Endpoint("candidate", url)
    return Document(
        rollout=ROLLOUT,
        flag=ROLLOUT,
        generation=1,
        epoch=0,
        on=True,
        phase="beta",
        percentage=Decimal(50),
        salt="bench/1",
        stable=stable,
        candidate=candidate,
    )


def _start(stack: contextlib.ExitStack, port: int, command: list[str], **environment: str) -> None:
    known = {
        "VOICE_HOST": "127.0.0.1",
        "VOICE_PORT": str(port),
        "VOICE_DRAIN_SECONDS": "0",
        "VOICE_ROLLOUT": ROLLOUT,
    }
    process = subprocess.Popen(
        [sys.executable, *command], env=os.environ | known | environment, stdout=subprocess.DEVNULL
    )
    stack.callback(process.wait)
    stack.callback(process.send_signal, signal.SIGTERM)
    deadline = time.monotonic() + 30
    while not _ready(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{' '.join(command)} did not become ready")
        time.sleep(0.05)


def _ready(port: int) -> bool:
    with contextlib.suppress(OSError):
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/readiness", timeout=1).status == 200
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()

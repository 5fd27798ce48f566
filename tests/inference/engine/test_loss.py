"""A process whose device is lost."""

import asyncio
import os
import sys
from pathlib import Path
from subprocess import Popen

import aiohttp

from support import engines
from support.voice import free_port, until
from voice_server.engine.app import DEVICE_LOST


async def test_a_lost_device_ends_the_process_with_a_code_of_its_own_after_everyone_was_answered(
    tmp_path: Path,
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(engines.__file__).parents[1]),
        "VOICE_HOST": "127.0.0.1",
        "VOICE_PORT": str(port),
    }
    process = _started(environment, tmp_path / "log")
    try:
        async with aiohttp.ClientSession() as client:
            await until(lambda: _is_ready(client, url))
            answers = await asyncio.gather(*(_say(client, url, text) for text in ("lost", "waits", "too")))
        await until(lambda: process.poll() is not None)
    finally:
        process.kill()
        process.wait()

    assert [status for status, _ in answers].count(503) >= 1
    assert all(retry == "5" for status, retry in answers if status == 503)
    assert process.returncode == DEVICE_LOST


def _started(environment: dict[str, str], log: Path) -> Popen[bytes]:
    with log.open("wb") as output:
        command = [sys.executable, "-m", "support.engines"]
        return Popen(command, env=environment, stdout=output, stderr=output)


async def _is_ready(client: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with client.get(f"{url}/readiness") as response:
            return response.status == 200
    except aiohttp.ClientConnectorError:
        return False


async def _say(client: aiohttp.ClientSession, url: str, text: str) -> tuple[int, str | None]:
    async with client.post(f"{url}/v1/audio/speech", json={"input": text}) as response:
        return response.status, response.headers.get("Retry-After")

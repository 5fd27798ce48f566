"""`voice-server` as a process of its own."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp

from support.voice import SOON, free_port, until

PATIENT = {
    f"VOICE_{limit}_SECONDS": "600" for limit in ("SYNTHESIS_TIMEOUT", "QUEUE", "ENGINE_TIMEOUT", "MAX_WAIT")
}
"""Limits of engines and gateways, so that a slow machine never has too much to do."""


class Program:
    """A `voice-server` process."""

    def __init__(self, role: str, log: Path, **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log
        known = {"VOICE_HOST": "127.0.0.1", "VOICE_PORT": str(self.port), "PATH": os.environ["PATH"]}
        with log.open("wb") as output:
            command = [sys.executable, "-m", "voice_server", role]
            surroundings = known | PATIENT | environment
            self.process = subprocess.Popen(command, env=surroundings, stdout=output, stderr=output)

    async def ready(self, within: float = SOON) -> None:
        """It takes requests; an AssertionError shows what it said where it has ended."""

        async def ready_or_ended() -> bool:
            return await self.is_ready() or self.process.poll() is not None

        await until(ready_or_ended, within=within)
        assert self.process.poll() is None, self.log.read_text()

    async def is_ready(self) -> bool:
        with contextlib.suppress(aiohttp.ClientError):
            return "200" in (await self._get("/readiness"))[0]
        return False

    async def listens(self) -> bool:
        """It takes connections, if only to hang up on them."""
        try:
            await self._get("/health")
        except aiohttp.ClientConnectionError as error:
            return not isinstance(error, aiohttp.ClientConnectorError)
        return True

    async def figure(self, labels: str) -> float:
        """The one sample of /metrics whose labels contain `labels`."""
        _, text = await self._get("/metrics")
        (line,) = [each for each in text.splitlines() if labels in each and not each.startswith("#")]
        return float(line.rpartition(" ")[2])

    async def _get(self, path: str) -> tuple[str, str]:
        async with aiohttp.ClientSession() as client, client.get(f"{self.url}{path}") as response:
            return str(response.status), await response.text()

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    async def ended(self, within: float = SOON) -> int:
        await until(lambda: self.process.poll() is not None, within=within)
        return int(self.process.returncode)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def program(role: str, log: Path, **environment: str) -> Iterator[Program]:
    started = Program(role, log, **environment)
    try:
        yield started
    finally:
        started.kill()

"""Our engine server with a voice that answers one stored sound: two seconds, 88 kB."""

import os
import struct
from collections.abc import Sequence

from voice_server import logs
from voice_server.audio.pcm import Audio
from voice_server.engine.app import run
from voice_server.engines.base import Job, Utterance
from voice_server.settings import EngineSettings


class Stored:
    name = licence = "stored"
    parallel = largest_batch = 1
    tiers = ("",)
    _speech = Audio(struct.pack("<2h", 8000, -8000) * 22_050, 22_050)

    async def warm_up(self) -> None:
        """Nothing to load."""

    def voices(self) -> list[str]:
        return []

    def work(self, utterance: Utterance) -> float:
        return len(utterance.text)

    def relieve(self) -> bool:
        return False

    async def synthesise(self, batch: Sequence[Job], _: int) -> list[Audio]:
        return [self._speech for _ in batch]


if __name__ == "__main__":
    logs.configure()
    run(Stored(), EngineSettings.read(os.environ))

"""What an engine is to the rest of the server. F5, XTTS and Google fill the same protocol."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from voice_server.audio.pcm import Audio


class EngineError(Exception):
    """The engine could not speak; the message is for operators, never for the text's author."""


class UnknownVoiceError(Exception):
    """The client asked for a voice that this engine does not have; the message names some that it has."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """One text to speak. Voice None is the engine's own; speed 1.0 its natural pace."""

    text: str
    voice: str | None = None
    speed: float = 1.0


class Engine(Protocol):
    """One speech engine, used by one caller at a time.

    Cancelling `synthesise` stops the work itself, not only the waiting for it.
    """

    name: str
    licence: str

    async def warm_up(self) -> None:
        """Load what there is to load and speak once; EngineError when that fails."""

    async def synthesise(self, utterance: Utterance) -> Audio:
        """Speech that was checked to be heard; EngineError or UnknownVoiceError otherwise."""

    def voices(self) -> Collection[str]:
        """The voices that an utterance may name; known after the warm-up."""

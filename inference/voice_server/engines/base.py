"""What an engine is to the rest of the server: espeak, F5, XTTS and Google fill the same protocol.

EngineError            the engine could not speak
  UnknownVoiceError    the client's mistake: the voice
  UnusableVoiceError   the voice's maker's mistake: its recording or what is beside it
  TextError            the client's mistake: the text
  OverloadedError      what the engine speaks with takes no more now
  OutOfMemoryError     less at a time may work
  DeviceLostError      nothing works in this process any more
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol, runtime_checkable

from voice_server.audio.pcm import Audio


class EngineError(Exception):
    """The engine could not speak; the message is for operators, never for the text's author."""


class UnknownVoiceError(EngineError):
    """The client asked for a voice that this engine does not have; the message names some that it has."""


class UnusableVoiceError(EngineError):
    """The voice is there, but nothing can be spoken with it; the message names the file and says what to change."""


class TextError(EngineError):
    """The engine cannot speak such a text; the message tells its author what to write instead."""


class OverloadedError(EngineError):
    """What the engine speaks with takes no more now; `retry_after` seconds from now it may."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class OutOfMemoryError(EngineError):
    """The memory did not suffice for this batch; the engine itself is as good as before."""


class DeviceLostError(EngineError):
    """The device answers no more, and never will again to this process."""


NOT_ILL = (UnknownVoiceError, UnusableVoiceError, TextError, OverloadedError)
"""What says nothing against the engine."""


class Profile(StrEnum):
    """How a client weighs speed against quality."""

    FAST = "fast"
    BALANCED = "balanced"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Utterance:
    """One text to speak. Voice None is the engine's own; speed 1.0 its natural pace."""

    text: str
    voice: str | None = None
    speed: float = 1.0
    profile: Profile = Profile.BALANCED


@dataclass(frozen=True, slots=True)
class Job:
    """One utterance and whether anybody still waits for it, which may be asked from any thread, at any time.

    `hear` may be told of the speech while it is being made up, from any thread: laid end to end the bits are the
    answer. None: nobody listens before the end. An engine that makes a text up as a whole never calls it.
    """

    utterance: Utterance
    is_wanted: Callable[[], bool]
    hear: Callable[[Audio], None] | None = None


Answer = Audio | EngineError | None
"""Speech that was checked to be heard; or why there is none; or None for a job that nobody wanted any more."""


class Engine(Protocol):
    """One speech engine, asked to speak `parallel` batches of at most `largest_batch` jobs at the same time.

    Between its steps it asks each job `is_wanted` and stops working for those that are not. It is not cancelled
    instead: a thread that computes could not be.
    """

    @property
    def name(self) -> str: ...

    @property
    def licence(self) -> str:
        """The model's; known after the warm-up."""

    @property
    def parallel(self) -> int:
        """Batches that may be spoken at the same time: 1 on a card, many at a remote service."""

    @property
    def largest_batch(self) -> int:
        """Texts that are spoken together; 1: none."""

    @property
    def tiers(self) -> Sequence[str]:
        """From the best to the fastest, such as ("16", "12", "7"); ("",) where there is only one."""

    async def warm_up(self) -> None:
        """Load what there is to load and speak once; EngineError when that fails."""

    def work(self, utterance: Utterance) -> float:
        """What the utterance will cost, above 0, in the engine's own unit: frames, characters."""

    async def synthesise(self, batch: Sequence[Job], tier: int, /) -> Sequence[Answer]:
        """One answer a job, in their order. Raises only what concerns the batch as a whole: OutOfMemoryError,
        DeviceLostError, another EngineError. The first two concern it even as the answer to one job.
        """

    def relieve(self) -> bool:
        """Give up some memory after an OutOfMemoryError: caches first, then speed. False: nothing is left to give."""

    def voices(self) -> Collection[str]:
        """The voices that an utterance may name; known after the warm-up."""


@runtime_checkable
class SpeaksWords(Protocol):
    """An engine that speaks words only: the server writes numbers and signs out for it, in pieces short enough."""

    @property
    def longest_text(self) -> int:
        """Characters of one utterance."""


@runtime_checkable
class TellsEarly(Protocol):
    """An engine that tells a job's listener of its speech while it is still being made up."""

    @property
    def tells_early(self) -> Literal[True]: ...


@runtime_checkable
class FallsBack(Protocol):
    """An engine that counts how often it spoke with another voice than it was asked for."""

    @property
    def fallbacks(self) -> int: ...


class Counted(Protocol):
    """A cache that counts what it was asked."""

    @property
    def hits(self) -> int: ...

    @property
    def misses(self) -> int: ...


@runtime_checkable
class KeepsCaches(Protocol):
    """An engine that prepares something once; its caches by name, such as "voices"."""

    @property
    def caches(self) -> Mapping[str, Counted]: ...


@runtime_checkable
class PreparesVoices(Protocol):
    """An engine that keeps what it made of a recording."""

    async def prepare_voice(self, voice: str | None) -> None:
        """Make what a text in that voice needs and is not kept yet, beside all that is being spoken; EngineError as
        in an answer.
        """

    def forget(self, voice: str) -> None:
        """The voice was removed: keep nothing of it."""


@runtime_checkable
class OnCard(Protocol):
    """An engine in the memory of a graphics card."""

    def vram(self) -> tuple[int, int]:
        """Bytes in use and bytes held, as they are now."""

"""A text, or a piece of one, that somebody waits for: from the line to its last sound."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field

from voice_server.audio.pcm import Audio
from voice_server.engine.device import Task
from voice_server.engines.base import Job, Utterance


@dataclass(frozen=True, slots=True)
class Bit:
    """Some of a piece's speech, and the tier that its batch was begun at."""

    audio: Audio
    tier: int


@dataclass(frozen=True, slots=True)
class Spoken:
    """Speech, the tier it was spoken at, the seconds that it waited, and those that were spent on it alone."""

    audio: Audio
    tier: int
    queued: float
    inference: float


@dataclass(eq=False, slots=True)
class Held:
    """Times are seconds of `clock`."""

    utterance: Utterance
    work: float
    arrived: float
    deadline: float
    clock: Callable[[], float]
    answer: asyncio.Future[Spoken] = field(default_factory=asyncio.Future)
    begun: float | None = None
    _tier: int = 0
    _bits: asyncio.Queue[Audio | None] | None = None
    """None: nobody listens before the end."""
    _was_heard: bool = False

    def is_wanted(self) -> bool:
        return not self.answer.done() and self.clock() < self.deadline

    def begin(self, now: float, tier: int) -> None:
        """It is spoken from now on."""
        self.begun, self._tier = now, tier

    def task(self) -> Task:
        job = Job(self.utterance, self.is_wanted, self._teller())
        return Task(job, self.work, lambda: self._was_heard)

    def give(self, spoken: Spoken) -> None:
        if not self.answer.done():
            self.answer.set_result(spoken)

    def refuse(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)

    def let_go(self) -> None:
        """Nobody waits for it any more, nor asks why it failed, if it did."""
        if not self.answer.cancel() and not self.answer.cancelled():
            self.answer.exception()

    async def heard(self, until: float) -> AsyncGenerator[Bit, None]:
        """All its speech, as soon as it can be heard; TimeoutError at `until`, in the event loop's time.

        An engine that tells nothing before the end is heard in one bit. The answer is there afterwards.
        """
        bits = self._bits = asyncio.Queue()
        self.answer.add_done_callback(lambda _: bits.put_nowait(None))
        while True:
            async with asyncio.timeout_at(until):
                audio = await bits.get()
            if audio is None:
                break
            yield Bit(audio, self._tier)
        spoken = self.answer.result()
        if not self._was_heard:
            yield Bit(spoken.audio, spoken.tier)

    def _teller(self) -> Callable[[Audio], None] | None:
        bits, loop = self._bits, self.answer.get_loop()
        if bits is None:
            return None

        def tell(audio: Audio) -> None:
            self._was_heard = True
            loop.call_soon_threadsafe(bits.put_nowait, audio)

        return tell

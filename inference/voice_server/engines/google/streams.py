"""Speech that is heard while Google makes it up: how many streams at a time, and who is told what of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from time import monotonic

from voice_server.audio.pcm import SAMPLE_BYTES, Audio, AudioError
from voice_server.engines.google.api import STREAM_RATE, Api, Speech
from voice_server.engines.google.faults import FAULTS, unusable_sound
from voice_server.engines.google.line import Line

SESSIONS = 100
"""ConcurrentStreamingSessionsPerProject: https://cloud.google.com/text-to-speech/quotas."""


class Sessions:
    """The streams that may be open at the same time; nobody waits for one."""

    def __init__(self, most: int = SESSIONS) -> None:
        self._free = most

    @contextmanager
    def taken(self, count: int) -> Iterator[bool]:
        """Whether `count` more were free: then they are taken while this lasts."""
        are_free = count <= self._free
        taken = count if are_free else 0
        self._free -= taken
        try:
            yield are_free
        finally:
            self._free += taken


class Listener:
    """Somebody, or nobody, who is told of a text's pieces in their order while all of them are made up at once.

    He is told nothing before something can be heard, and whole samples only. Once he `has_heard` some of it, the text
    can neither be begun again nor be spoken in another voice.
    """

    def __init__(self, hear: Callable[[Audio], None] | None, pieces: int, until: float) -> None:
        """`until`, of time.monotonic, he may be spoken to."""
        self.until = until
        self.has_heard = False
        self._hear = hear
        self._untold = [bytearray() for _ in range(pieces + 1)]
        self._ended: set[int] = set()
        self._turn = 0
        self._left = b""

    @property
    def is_there(self) -> bool:
        return self._hear is not None

    def tell(self, piece: int, samples: bytes) -> None:
        self._untold[piece] += samples
        self._tell()

    def end(self, piece: int) -> None:
        """All of that piece was told; what comes of the next one may be."""
        self._ended.add(piece)
        self._tell()

    def forget(self, piece: int) -> None:
        """What he was not told of that piece yet will not be said."""
        self._untold[piece].clear()

    def _tell(self) -> None:
        while self._turn in self._ended:
            self._left += self._untold[self._turn]
            self._turn += 1
        ready = self._left + self._untold[self._turn]
        whole = len(ready) - len(ready) % SAMPLE_BYTES
        bit = Audio(ready[:whole], STREAM_RATE)
        if self._hear and whole and (self.has_heard or not bit.is_silent):
            self.has_heard = True
            self._left = ready[whole:]
            self._untold[self._turn].clear()
            self._hear(bit)


@dataclass(frozen=True, slots=True)
class Stream:
    """One piece of a text on its way to its listener."""

    api: Api
    speech: Speech
    piece: int
    listener: Listener

    async def spoken(self, line: Line, until: float, patience: float) -> Audio:
        """All of it, after he was told. Its first sound comes by `until`, what follows may take his own time."""
        sound = await line.ask(self._called, until, patience, lambda: not self.listener.has_heard)
        if len(sound) % SAMPLE_BYTES:
            raise unusable_sound(AudioError("the sound ends in the middle of a sample"))
        self.listener.end(self.piece)
        return Audio(sound, STREAM_RATE)

    async def _called(self, seconds: float) -> bytes:
        left = self.listener.until - monotonic()
        try:
            return await self.api.stream(self.speech, seconds, left, partial(self.listener.tell, self.piece))
        except FAULTS:
            self.listener.forget(self.piece)
            raise

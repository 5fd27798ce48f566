"""The memory that answers may take of a gateway, shared out before anybody is asked to speak."""

import asyncio
from collections import deque
from collections.abc import Callable

from voice_server.audio.formats import Format
from voice_server.gateway.admission import FullError
from voice_server.schemas import SpeechRequest

MIB = 1024 * 1024
_SLOWEST = 10
"""Characters a second of an unhurried voice."""
_DIGIT = 7
"""Characters of a digit that is written out."""
_BYTES_A_SECOND: dict[Format, int] = {
    "wav": 48_000,
    "pcm": 48_000,
    "flac": 32_000,
    "mp3": 16_000,
    "opus": 8_000,
}
"""At 24 kHz, in 16 bits."""


def foreseen(speech: SpeechRequest) -> int:
    """Bytes that the answer may come to, generously."""
    characters = len(speech.input) + (_DIGIT - 1) * sum(map(str.isdecimal, speech.input))
    seconds = 1 + characters / _SLOWEST / speech.speed
    return round(seconds * _BYTES_A_SECOND[speech.response_format])


class Room:
    """Whoever finds too little left waits for it, in the order of arrival."""

    def __init__(self, size: int, max_wait: float) -> None:
        """`size` bytes; a wait lasts `max_wait` seconds at most."""
        self._size = size
        self._max_wait = max_wait
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self.held = 0

    async def hold(self, wanted: int) -> Callable[[], None]:
        """Hold so many bytes, or all there are, until the answered function is called; FullError."""
        wanted = min(wanted, self._size)
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((wanted, turn))
        self._share_out()
        try:
            async with asyncio.timeout(self._max_wait):
                await turn
        except TimeoutError:
            self._forgo(wanted, turn)
            raise FullError from None
        except asyncio.CancelledError:
            self._forgo(wanted, turn)
            raise
        return self._giver(wanted)

    def _share_out(self) -> None:
        while self._waiting:
            wanted, turn = self._waiting[0]
            if not turn.cancelled():
                if self.held + wanted > self._size:
                    return
                self.held += wanted
                turn.set_result(None)
            self._waiting.popleft()

    def _forgo(self, wanted: int, turn: asyncio.Future[None]) -> None:
        """Nobody waits for the turn any more; it may have come in the same moment."""
        if not turn.cancelled():
            self.held -= wanted
        self._share_out()

    def _giver(self, held: int) -> Callable[[], None]:
        left = held

        def give() -> None:
            nonlocal left
            self.held -= left
            left = 0
            self._share_out()

        return give

"""Where a streamed answer passes from the engine to the client, each at a speed of his own."""

import asyncio
from dataclasses import replace

from voice_server.gateway.outcome import Failed, Outcome, Reply, Spoken

PIECE = 64 * 1024


class Tap:
    """Closed until an answer has begun; from then on that one is heard, and no other."""

    def __init__(self) -> None:
        self.reply: Reply | None = None
        """The answer as far as it had come when it began."""
        self._body: bytes | bytearray = b""
        self._taken = 0
        self._is_over = False
        self._news = asyncio.Event()

    def open(self, reply: Reply, body: bytes | bytearray) -> None:
        """Let `body` through, and what is added to it later."""
        self.reply, self._body = reply, body
        self._news.set()

    def tell(self) -> None:
        """There may be more."""
        self._news.set()

    def end(self) -> None:
        """There will be no more."""
        self._is_over = True
        self._news.set()

    def settled(self, outcome: Outcome) -> Outcome:
        """The outcome of one try. What was whole before it was known to have begun is let through now."""
        if isinstance(outcome, Spoken) and self.reply is None:
            self.open(outcome.reply, outcome.reply.body)
        if self.reply is None:
            return outcome
        if isinstance(outcome, Failed):
            return replace(outcome, begun=True)
        # What was let through is held here once: the outcome need not hold it, too.
        return Spoken(self.reply) if isinstance(outcome, Spoken) else outcome

    async def opened(self) -> Reply | None:
        """The answer that has begun; None once it is over without one."""
        await self._news.wait()
        return self.reply

    async def more(self) -> bytes:
        """The next bytes as soon as there are any; none once it is over."""
        # A long backlog must hold up nobody, nor the news that the client has left.
        await asyncio.sleep(0)
        while self._taken == len(self._body) and not self._is_over:
            self._news.clear()
            await self._news.wait()
        piece = bytes(self._body[self._taken : self._taken + PIECE])
        self._taken += len(piece)
        return piece

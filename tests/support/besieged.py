"""A `voice-server` process under hostile requests: what it answers, and what it holds meanwhile."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from support.held import children, most_resident, own
from support.hostile_http import Answer, post, sent
from support.hostile_requests import SPEECH
from support.program import Program
from support.voice import until

AT_A_TIME = 2
MIB = 2**20


@dataclass
class Besieged:
    """`wrong` is what has broken the promise so far, by the names of the requests."""

    program: Program
    wrong: dict[str, str] = field(default_factory=dict)
    statuses: list[int] = field(default_factory=list)
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_A_TIME))

    async def answers(self, requests: Iterable[tuple[str, bytes]]) -> None:
        """Send them all, two at a time: each must be answered."""
        async with asyncio.TaskGroup() as group:
            for name, request in requests:
                await self._places.acquire()
                group.create_task(self._asked(name, request))

    async def outlasts(self, requests: Iterable[tuple[str, bytes]]) -> None:
        """Send what is not whole, all at once: those who wait are answered, those who leave are let go."""
        async with asyncio.TaskGroup() as group:
            for name, request in requests:
                group.create_task(self._waited(name, request))
                group.create_task(sent(self.program.url, request, leaves=True))

    async def _asked(self, name: str, request: bytes) -> None:
        try:
            await self._waited(name, request)
        finally:
            self._places.release()

    async def _waited(self, name: str, request: bytes) -> None:
        try:
            answer = await sent(self.program.url, request)
        except TimeoutError:
            self.wrong[name] = "no answer"
            return
        if answer is None:
            self.wrong[name] = "hung up"
            return
        self.statuses.append(answer.status)
        if answer.wrong:
            self.wrong[name] = answer.wrong

    async def says(self, text: str, **fields: str) -> Answer:
        """What it speaks, or why not."""
        body = json.dumps({"input": text} | fields).encode()
        answer = await sent(self.program.url, post(SPEECH, body))
        assert answer is not None
        return answer

    async def is_well(self) -> None:
        """Return once it is alive and ready and has no children; fail where it is not."""
        assert self.program.process.poll() is None, self.program.log.read_text()[-2_000:]
        for path in ("/health", "/readiness"):
            answer = await sent(self.program.url, f"GET {path} HTTP/1.1\r\nHost: voice\r\n\r\n".encode())
            assert (answer and answer.status) == 200, path
        await until(lambda: children(self.program.process.pid), is_=set())

    @property
    def memory(self) -> int:
        """Bytes of its own."""
        return own(self.program.process.pid)

    @property
    def most_memory(self) -> int:
        """The most resident bytes that it ever had."""
        return most_resident(self.program.process.pid)


def speeches(texts: Iterable[str]) -> Iterable[tuple[str, bytes]]:
    """A request for each text."""
    return ((f"text {text[:40]!r}", post(SPEECH, json.dumps({"input": text}).encode())) for text in texts)

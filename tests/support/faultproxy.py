"""A proxy between an operator and the API server: it records every write, and breaks what a test tells it to."""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from cluster.control_plane import ControlPlane
from support.clock import Clock
from support.kube import administrator

READS = frozenset({"GET", "HEAD", "OPTIONS"})
HOP_BY_HOP = frozenset({"host", "connection", "transfer-encoding", "content-length", "keep-alive"})


class LostError(Exception):
    """The operator gets no answer: its connection is reset."""


@dataclass
class Write:
    """One write of the operator's, as it left the operator. Renewals of its Lease have no number."""

    method: str
    path: str
    body: Any
    at: float
    """When, on the stage's clock."""
    number: int = 0
    status: int | None = None
    """What the API server answered; None where it never saw the write, or has not answered yet."""

    @property
    def what(self) -> str:
        """`PATCH deployments/f5-stable`."""
        return f"{self.method} {'/'.join(self.path.split('/namespaces/')[-1].split('/')[1:])}"

    def opens(self, rollout: str, share: int) -> bool:
        """It commits a flag document with this share."""
        text = (self.body.get("data") or {}).get(f"{rollout}.flag.json", "{}")
        return json.loads(text).get("percentage") == share

    @property
    def is_lease(self) -> bool:
        return "/leases" in self.path

    @property
    def is_done(self) -> bool:
        """The API server has taken it."""
        return self.status is not None and self.status < 300


Before = Callable[[Write], Awaitable[web.Response | None]]
After = Callable[[Write], Awaitable[None]]
Read = Callable[[web.Request], Awaitable[web.Response | None]]


async def _no_fault(_: Any) -> None:
    return None


@dataclass
class FaultProxy:
    """What one operator believes to be the API server.

    `before` may answer a write itself, `after` comes between the commit and the answer, `read` may answer a read;
    any of them may raise LostError.
    """

    server: ControlPlane
    clock: Clock
    writes: list[Write] = field(default_factory=list)
    renewals: list[Write] = field(default_factory=list)
    before: Before = _no_fault
    after: After = _no_fault
    read: Read = _no_fault
    reads: list[str] = field(default_factory=list)
    _watches: set[asyncio.Queue[bytes]] = field(default_factory=set)
    _deaf: bool = False

    async def start(self, folder: Path) -> Path:
        """Listen; returns a kubeconfig that leads here."""
        connector = aiohttp.TCPConnector(ssl=administrator(self.server), limit=0)
        self._upstream = aiohttp.ClientSession(
            self.server.endpoints.api_url, connector=connector, auto_decompress=False
        )
        app = web.Application(client_max_size=16 << 20)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        kubeconfig = folder / "kubeconfig"
        kubeconfig.write_text(json.dumps(_kubeconfig(f"http://127.0.0.1:{self._runner.addresses[0][1]}")))
        return kubeconfig

    async def stop(self) -> None:
        await self._runner.cleanup()
        await self._upstream.close()

    def done(self, what: str = "") -> list[Write]:
        """The writes that the API server took, Lease aside, of which `what` matches."""
        return [write for write in self.writes if write.is_done and re.search(what, write.what)]

    async def lease_read(self, times: int, within: float = 60) -> None:
        """Return when the operator was told who leads so often from now on: by then it has its wits about it."""
        before, deadline = len(self.reads), time.monotonic() + within
        while sum("/leases/" in path for path in self.reads[before:]) < times:
            assert time.monotonic() < deadline, "it does not read its Lease"
            await asyncio.sleep(0.05)

    def heal(self) -> None:
        """No more faults."""
        self.before, self.after, self.read, self._deaf = _no_fault, _no_fault, _no_fault, False

    def break_watches(self, code: int) -> None:
        """Every open watch gets an ERROR event and ends, as when etcd has no leader or history was compacted."""
        status = {
            "kind": "Status",
            "apiVersion": "v1",
            "status": "Failure",
            "code": code,
            "message": "injected",
        }
        line = json.dumps({"type": "ERROR", "object": status}).encode() + b"\n"
        for watch in self._watches:
            watch.put_nowait(line)
            watch.put_nowait(b"")

    def deafen(self) -> None:
        """From now on watches stay open and say nothing."""
        self._deaf = True

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        try:
            if request.method not in READS:
                return await self._write(request)
            if request.query.get("watch") == "true":
                return await self._watch(request)
            return await self._read_once(request)
        except (LostError, aiohttp.ClientError):
            if request.transport:
                request.transport.abort()
            return web.Response(status=502)

    async def _read_once(self, request: web.Request) -> web.StreamResponse:
        answer = await self.read(request) or await self._forward(request)
        self.reads.append(request.path)
        return answer

    async def _write(self, request: web.Request) -> web.StreamResponse:
        write = Write(request.method, request.path, json.loads(await request.read()), self.clock())
        if write.is_lease:
            self.renewals.append(write)
        else:
            self.writes.append(write)
            write.number = len(self.writes)
        answer = await self.before(write)
        if answer is None:
            answer = await self._forward(request)
            write.status = answer.status
            await self.after(write)
        return answer

    async def _forward(self, request: web.Request) -> web.Response:
        async with self._ask(request, data=await request.read() or None) as answer:
            body = await answer.read()
            return web.Response(status=answer.status, body=body, headers=_end_to_end(answer.headers))

    def _ask(self, request: web.Request, **more: Any) -> Any:
        headers = _end_to_end(request.headers)
        return self._upstream.request(request.method, request.path_qs, headers=headers, **more)

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        async with self._ask(request, timeout=aiohttp.ClientTimeout(total=None)) as answer:
            if answer.status != 200:
                return web.Response(status=answer.status, body=await answer.read())
            stream = web.StreamResponse(headers=_end_to_end(answer.headers))
            await stream.prepare(request)
            lines: asyncio.Queue[bytes] = asyncio.Queue()
            reader = asyncio.create_task(self._read(answer, lines))
            self._watches.add(lines)
            try:
                while line := await lines.get():
                    await stream.write(line)
                if reader.done():
                    reader.result()
            finally:
                self._watches.discard(lines)
                reader.cancel()
            return stream

    async def _read(self, answer: aiohttp.ClientResponse, lines: asyncio.Queue[bytes]) -> None:
        try:
            async for chunk in answer.content.iter_any():
                if not self._deaf:
                    lines.put_nowait(chunk)
        finally:
            lines.put_nowait(b"")


def _end_to_end(headers: Any) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in HOP_BY_HOP}


def _kubeconfig(server: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "proxy",
        "clusters": [{"name": "proxy", "cluster": {"server": server}}],
        "users": [{"name": "operator", "user": {"token": "the-proxy-knows-who"}}],
        "contexts": [{"name": "proxy", "context": {"cluster": "proxy", "user": "operator"}}],
    }

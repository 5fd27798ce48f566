"""What the gateways themselves say of the flags that they serve, over real sockets."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from cluster.control_plane import free_ports
from voice_rollout.clients import gateways
from voice_rollout.clients.gateways import (
    MAX_BYTES,
    GatewayPod,
    Generations,
    ready_gateways,
    told_by,
)
from voice_rollout.decision.tally import Counts, Requests

WAITED_FOR = 4.0


def a_pod(uid: str = "one", **changes: Any) -> dict[str, Any]:
    """A ready gateway Pod."""
    port = {"name": "http", "containerPort": 8080}
    sound = {
        "metadata": {"uid": uid},
        "spec": {"containers": [{"ports": [port]}]},
        "status": {"podIP": "192.0.2.7", "conditions": [{"type": "Ready", "status": "True"}]},
    }
    return sound | changes


def not_ready(status: str) -> dict[str, Any]:
    return {"podIP": "192.0.2.7", "conditions": [{"type": "Ready", "status": status}]}


def test_a_ready_gateway_is_asked_at_its_address() -> None:
    assert ready_gateways([a_pod()]) == [GatewayPod("one", "http://192.0.2.7:8080/metrics")]


def test_its_port_is_the_one_that_is_called_http() -> None:
    ports = [{"name": "admin", "containerPort": 1}, {"name": "http", "containerPort": 9000}]
    (found,) = ready_gateways([a_pod(spec={"containers": [{}, {"ports": ports}]})])

    assert found.url == "http://192.0.2.7:9000/metrics"


@pytest.mark.parametrize(
    "pod",
    [
        a_pod(status=not_ready("False")),
        a_pod(status=not_ready("Unknown")),
        a_pod(status={"podIP": "192.0.2.7"}),
        a_pod(status={}),
        a_pod(status={"conditions": [{"type": "Ready", "status": "True"}]}),
        a_pod(metadata={"uid": "one", "deletionTimestamp": "2026-11-20T14:00:00Z"}),
    ],
    ids=["not ready", "unknown", "no conditions", "pending", "no address", "leaving"],
)
def test_a_gateway_that_users_cannot_reach_is_not_waited_for(pod: dict[str, Any]) -> None:
    assert ready_gateways([pod]) == []


class Town:
    """Gateways that each answer in their own way."""

    def __init__(self) -> None:
        self.pods: list[GatewayPod] = []
        self._runners: list[web.AppRunner] = []

    async def gateway(self, uid: str, answer: Any) -> None:
        app = web.Application()
        app.router.add_get("/metrics", answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self._runners.append(runner)
        self.pods.append(GatewayPod(uid, f"http://127.0.0.1:{runner.addresses[0][1]}/metrics"))

    async def ask(self) -> Generations:
        return (await self.told())[0]

    async def counts(self) -> dict[str, Counts | None]:
        return (await self.told())[1]

    async def told(self) -> tuple[Generations, dict[str, Counts | None]]:
        async with aiohttp.ClientSession() as session:
            return await told_by(session, self.pods)

    async def close(self) -> None:
        for runner in self._runners:
            await runner.cleanup()


@pytest.fixture
async def town(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    """A town whose gateways are waited for as long as they need on a slow machine."""
    monkeypatch.setattr(gateways, "SCRAPE_SECONDS", WAITED_FOR)
    found = Town()
    yield found
    await found.close()


def says(text: str | bytes, status: int = 200) -> Any:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=text.encode() if isinstance(text, str) else text, status=status)

    return answer


def serving(**served: int) -> Any:
    """Metrics as the gateways' own library writes them."""
    registry = CollectorRegistry()
    gauge = Gauge("voice_flags_generation", "Generation served", ["rollout"], registry=registry)
    Gauge("tts_requests", "Something else", ["rollout"], registry=registry).labels("f5-tts").set(99)
    for rollout, generation in served.items():
        gauge.labels(rollout).set(generation)
    return says(generate_latest(registry))


async def test_a_generation_is_acknowledged_by_those_who_serve_it_or_a_later_one(town: Town) -> None:
    for uid, generation in (("behind", 11), ("there", 12), ("ahead", 13)):
        await town.gateway(uid, serving(f5=generation, other=1))
    found = await town.ask()

    assert [found.acked("f5", generation) for generation in (11, 12, 13, 14)] == [3, 2, 1, 0]
    assert found.of("f5") == (("ahead", 13), ("behind", 11), ("there", 12))
    assert found.latest("f5") == 13


async def test_a_gateway_that_does_not_know_a_rollout_serves_nothing_of_it(town: Town) -> None:
    await town.gateway("one", serving(other=5))
    found = await town.ask()

    assert (found.acked("f5", 0), found.latest("f5"), len(found.by_pod)) == (0, 0, 1)


def test_where_there_is_no_gateway_nobody_is_waited_for() -> None:
    assert (Generations().acked("f5", 1), Generations().latest("f5"), Generations().of("f5")) == (0, 0, ())


@pytest.mark.parametrize(
    ("line", "generation"),
    [
        ('voice_flags_generation{rollout="f5"} 12.0', 12),
        ('voice_flags_generation{rollout="f5"} 12', 12),
        ('voice_flags_generation{rollout="f5"} 1.000001e+06', 1_000_001),
        ('voice_flags_generation{namespace="voice",rollout="f5",pod="a"} 3.0', 3),
        ('voice_flags_generation{rollout="f5"} NaN', -1),
        ('voice_flags_generation{rollout="f5"} +Inf', -1),
        ('voice_flags_generation{rollout="f5"} 1e+999', -1),
        ('voice_flags_generation{rollout="f5"} -1', -1),
        ('voice_flags_generation{rollout="f5"}', -1),
        ('# voice_flags_generation{rollout="f5"} 12.0', -1),
        ('other_voice_flags_generation{rollout="f5"} 12.0', -1),
        ("voice_flags_generation 12.0", -1),
        ("\x00\xff not text at all", -1),
    ],
)
async def test_a_line_says_a_generation_or_nothing(town: Town, line: str, generation: int) -> None:
    await town.gateway("one", says(f"# HELP x\n{line}\nother 1\n"))

    assert (await town.ask()).of("f5") == (("one", generation),)


async def test_one_that_fails_serves_nothing_known_and_holds_up_nobody(town: Town) -> None:
    async def hangs(_: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    (port,) = free_ports(1)
    town.pods.append(GatewayPod("refused", f"http://127.0.0.1:{port}/metrics"))
    await town.gateway("hangs", hangs)
    await town.gateway("error", says("broken", status=500))
    await town.gateway("endless", says(b"x" * (MAX_BYTES + 1)))
    await town.gateway("sound", serving(f5=12))
    began = time.monotonic()
    found = await town.ask()

    assert WAITED_FOR <= time.monotonic() - began < 5 * WAITED_FOR
    assert found.acked("f5", 12) == 1
    assert len(found.by_pod) == 5


def counted(*requests: tuple[str, str, str, str, float]) -> Any:
    """Requests by rollout, variant, status and character, as the gateways' own library writes them."""
    registry = CollectorRegistry()
    labels = ["rollout", "variant", "status", "voice_model", "character"]
    counter = Counter("tts_synthesis", "Requests", labels, registry=registry)
    for rollout, variant, status, character, times in requests:
        counter.labels(rollout, variant, status, "f5", character).inc(times)
    return says(generate_latest(registry))


async def test_requests_are_told_by_rollout_and_variant_whoever_spoke(town: Town) -> None:
    await town.gateway(
        "one",
        counted(
            ("f5", "candidate", "ok", "", 1_000_000),
            ("f5", "candidate", "ok", "pip_boy", 2),
            ("f5", "candidate", "error", 'status="ok",', 3),
            ("f5", "stable", "ok", "", 4),
            ("other", "stable", "error", "", 5),
        ),
    )

    assert await town.counts() == {
        "one": {
            ("f5", "candidate"): Requests(1_000_005, 3),
            ("f5", "stable"): Requests(4, 0),
            ("other", "stable"): Requests(5, 5),
        }
    }


async def test_of_a_gateway_that_fails_nothing_is_known_which_is_not_the_same_as_none(town: Town) -> None:
    await town.gateway("error", says('tts_synthesis_total{rollout="f5"} 1.0', status=500))
    await town.gateway("new", says(""))

    assert await town.counts() == {"error": None, "new": {}}

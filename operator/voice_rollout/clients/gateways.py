"""The gateways' own word: which flag generation each ready one serves, and how many requests failed."""

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from voice_rollout.decision.tally import NONE, Counts, Requests

SCRAPE_SECONDS = 0.8
MAX_BYTES = 4 << 20
_GENERATION = re.compile(
    r'^voice_flags_generation\{(?:[^}]*,)?rollout="([^"]*)"[^}]*\} ([0-9]+(?:\.[0-9]+)?(?:e\+0[0-9])?)$',
    re.MULTILINE,
)
_REQUESTS = re.compile(r"^tts_synthesis_total\{(.*)\} ([0-9.]+(?:e\+[0-9]+)?)$", re.MULTILINE)
_LABEL = re.compile(r'(?:^|,)(rollout|variant|status)="([^"]*)"')


@dataclass(frozen=True)
class GatewayPod:
    """A ready gateway."""

    uid: str
    url: str


@dataclass(frozen=True)
class Generations:
    """What the ready gateways of one namespace serve; a pod that did not answer serves nothing known."""

    by_pod: dict[str, dict[str, int]] = field(default_factory=dict)

    def acked(self, rollout: str, generation: int) -> int:
        """Gateways that serve this generation or a later one."""
        return sum(served.get(rollout, -1) >= generation for served in self.by_pod.values())

    def latest(self, rollout: str) -> int:
        """The highest generation that any gateway serves; 0 where none does."""
        return max((served.get(rollout, 0) for served in self.by_pod.values()), default=0)

    def of(self, rollout: str) -> tuple[tuple[str, int], ...]:
        """Which generation each gateway serves, -1 where it is not known."""
        return tuple(sorted((pod, served.get(rollout, -1)) for pod, served in self.by_pod.items()))


def ready_gateways(pods: Iterable[dict[str, Any]]) -> list[GatewayPod]:
    """The gateways that users may reach: ready, not ending, with an address."""
    found = []
    for pod in pods:
        status = pod.get("status", {})
        ready = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions", []))
        if ready and status.get("podIP") and "deletionTimestamp" not in pod["metadata"]:
            found.append(GatewayPod(pod["metadata"]["uid"], f"http://{status['podIP']}:{_port(pod)}/metrics"))
    return found


def _port(pod: dict[str, Any]) -> int:
    ports = [port for container in pod["spec"]["containers"] for port in container.get("ports", [])]
    return next((int(port["containerPort"]) for port in ports if port.get("name") == "http"), 8080)


async def told_by(
    session: aiohttp.ClientSession, pods: Iterable[GatewayPod]
) -> tuple[Generations, dict[str, Counts | None]]:
    """Ask every gateway at once; none can hold the others up for longer than SCRAPE_SECONDS.

    The requests are by pod, None for one that did not answer.
    """
    asked = list(pods)
    answers = await asyncio.gather(*(_ask(session, pod) for pod in asked))
    pages = {pod.uid: page for pod, page in zip(asked, answers, strict=True)}
    served = {pod: _generations(page or "") for pod, page in pages.items()}
    return Generations(served), {
        pod: None if page is None else _requests(page) for pod, page in pages.items()
    }


async def _ask(session: aiohttp.ClientSession, pod: GatewayPod) -> str | None:
    try:
        async with session.get(pod.url, timeout=aiohttp.ClientTimeout(total=SCRAPE_SECONDS)) as answer:
            answer.raise_for_status()
            return (await _at_most(answer.content, MAX_BYTES)).decode(errors="replace")
    except (aiohttp.ClientError, TimeoutError, OSError):
        return None


def _generations(page: str) -> dict[str, int]:
    return {rollout: int(float(value)) for rollout, value in _GENERATION.findall(page)}


def _requests(page: str) -> Counts:
    counts: dict[tuple[str, str], Requests] = {}
    for labels, value in _REQUESTS.findall(page):
        told = dict(_LABEL.findall(labels))
        whose = told.get("rollout", ""), told.get("variant", "")
        failed = float(value) if told.get("status") != "ok" else 0.0
        known = counts.get(whose, NONE)
        counts[whose] = Requests(known.total + float(value), known.failed + failed)
    return counts


async def _at_most(stream: aiohttp.StreamReader, limit: int) -> bytes:
    body = bytearray()
    async for chunk in stream.iter_any():
        body += chunk
        if len(body) > limit:
            raise aiohttp.ClientPayloadError(f"more than {limit} bytes")
    return bytes(body)

"""What the demo sees while it runs: flags, status, metrics, gateways, and every user's request."""

import asyncio
import contextlib
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from demo.stage import FLAGS, NAMESPACE, ROLLOUT, kubectl
from kubernetes.aio import watch
from kubernetes.aio.client import CoreV1Api, CustomObjectsApi
from prometheus_client.parser import text_string_to_metric_families

from voice_flags import Document
from voice_rollout.api.names import GROUP, PLURAL, VERSION, flag_key
from voice_rollout.clients.gateways import ready_gateways
from voice_rollout.resources.templates import catalogue

VISIBLE_ABOVE = 0.05
MIN_SAMPLES = 10


@dataclass
class Sight:
    """Everything seen, with times in seconds since the epoch."""

    documents: dict[int, Document] = field(default_factory=dict)
    committed: dict[int, float] = field(default_factory=dict)
    switched: dict[int, float] = field(default_factory=dict)
    """When the last gateway was seen to serve a generation."""
    statuses: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    breach_visible: float | None = None
    error_rate: float | None = None

    @property
    def status(self) -> dict[str, Any]:
        """The latest status."""
        return self.statuses[-1][1] if self.statuses else {}

    def fallbacks(self) -> Counter[str]:
        """How often stable spoke in the candidate's place, by the gateways' word for why."""
        return Counter(one["fallback"] for one in self.requests if one.get("fallback"))


async def flags(sight: Sight, api: CoreV1Api) -> None:
    """Every flag document, as it is committed."""
    field_selector = f"metadata.name={FLAGS}"
    while True:
        stream = watch.Watch().stream(
            api.list_namespaced_config_map, NAMESPACE, field_selector=field_selector, timeout_seconds=60
        )
        async for event in stream:
            text = (event["raw_object"].get("data") or {}).get(flag_key(ROLLOUT))
            if text and (document := Document.parse(text)).generation not in sight.documents:
                sight.documents[document.generation] = document
                sight.committed[document.generation] = time.time()


async def status(sight: Sight, api: CustomObjectsApi) -> None:
    """The resource's status, as it is written."""
    one = (GROUP, VERSION, NAMESPACE, PLURAL)
    while True:
        stream = watch.Watch().stream(
            api.list_namespaced_custom_object,
            *one,
            field_selector=f"metadata.name={ROLLOUT}",
            timeout_seconds=60,
        )
        async for event in stream:
            sight.statuses.append((time.time(), event["raw_object"].get("status", {})))


async def breach(sight: Sight, session: aiohttp.ClientSession, url: str) -> None:
    """When the candidate's error rate first shows above its bound in Prometheus, with enough requests."""
    template = catalogue(await asyncio.to_thread(platform_templates))["error-rate"]
    while True:
        async with session.get(f"{url}/api/v1/query", params={"query": template.query}) as answer:
            found = (await answer.json())["data"]["result"]
        figures = {
            one["metric"].get("figure"): float(one["value"][1])
            for one in found
            if one["metric"].get("rollout") == ROLLOUT and one["metric"].get("variant") == "candidate"
        }
        sight.error_rate = figures.get("value")
        enough = figures.get("samples", 0.0) >= MIN_SAMPLES
        if sight.breach_visible is None and enough and figures.get("value", 0.0) > VISIBLE_ABOVE:
            sight.breach_visible = time.time()
        await asyncio.sleep(0.1)


def platform_templates() -> str:
    """The platform's own templates as the chart installed them, if there are any."""
    found = kubectl("get", "configmap", "voice-rollout-templates", "--ignore-not-found", "-o", "json")
    return str(json.loads(found)["data"]["templates.yaml"]) if found else ""


async def gateways(sight: Sight, session: aiohttp.ClientSession, api: CoreV1Api) -> None:
    """When the last gateway serves each generation, asked every 30 ms while one is awaited."""
    while True:
        latest = max(sight.documents, default=0)
        if latest and latest not in sight.switched:
            listed = await api.list_namespaced_pod(NAMESPACE, label_selector="voicerollout.dev/gateway=true")
            pods = ready_gateways(api.api_client.sanitize_for_serialization(listed)["items"])
            served = await asyncio.gather(*(_generation(session, pod.url) for pod in pods))
            if served and min(served) >= latest:
                sight.switched[latest] = time.time()
        await asyncio.sleep(0.03)


async def _generation(session: aiohttp.ClientSession, url: str) -> int:
    async with session.get(url) as answer:
        text = await answer.text()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "voice_flags_generation" and sample.labels.get("rollout") == ROLLOUT:
                return int(sample.value)
    return 0


async def users(sight: Sight) -> None:
    """Every request, from the users' log."""
    reader = await asyncio.create_subprocess_exec(
        "kubectl", "-n", NAMESPACE, "logs", "-f", "demo-users", stdout=asyncio.subprocess.PIPE, limit=1 << 20
    )
    assert reader.stdout is not None
    async for line in reader.stdout:
        with contextlib.suppress(ValueError):
            sight.requests.append(json.loads(line))

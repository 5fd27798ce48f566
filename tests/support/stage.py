"""A stage for the operator: a real API server, and around one operator process everything that can fail it."""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from cluster.control_plane import ControlPlane, free_ports
from support.clock import Clock
from support.faultproxy import FaultProxy
from support.flag_history import FlagHistory
from support.gateways import PromptGateway, announce
from support.kube import CONFIG_MAPS, NAMESPACES, ROLLOUTS, Kube, Object, RefusedError
from support.operator_process import OperatorProcess
from support.pods import PodsStandIn
from support.prometheus_stub import GOOD, TEMPLATES, Figure, PrometheusStub
from voice_rollout.api.crd import render

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
GENEROUS = 60.0
"""Seconds for what takes one or two on an idle machine; what a promise bounds has its own, exact figure."""


@dataclass
class Replica:
    """One operator process and the way it reaches the API server."""

    proxy: FaultProxy
    operator: OperatorProcess
    port: int

    async def figures(self) -> str:
        """What the operator tells Prometheus about itself."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{self.port}/metrics") as answer,
        ):
            return await answer.text()

    async def health(self) -> tuple[int, str]:
        """What it answers to the kubelet."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{self.port}/healthz") as answer,
        ):
            return answer.status, await answer.text()


class Stage:
    """One namespace, one rollout in it, and an operator for it behind a proxy of its own."""

    def __init__(self, theatre: "Theatre", namespace: str, folder: Path) -> None:
        self.theatre, self.namespace, self.folder = theatre, namespace, folder
        self.kube, self.prometheus, self.pods = theatre.kube, theatre.prometheus, theatre.pods
        self.clock = theatre.clock
        self.name = "f5"
        self.flags = FlagHistory(self.name, self.clock)
        self._stack = AsyncExitStack()

    async def open(self, **environment: str) -> None:
        """Raise the curtain; the operator starts with `start`."""
        self.first = await self.replica("operator-1", **environment)
        self.proxy, self.operator = self.first.proxy, self.first.operator
        where = f"{CONFIG_MAPS.format(self.namespace)}?fieldSelector=metadata.name=voice-flags"
        history = asyncio.create_task(self.flags.follow(self.kube, where))
        self._stack.push_async_callback(ended, history)

    async def replica(self, identity: str, **environment: str) -> Replica:
        """An operator that has yet to be started."""
        folder, proxy = self.folder / identity, FaultProxy(self.theatre.server, self.clock)
        folder.mkdir()
        (folder / "templates.yaml").write_text(TEMPLATES)
        kubeconfig = await proxy.start(folder)
        self._stack.push_async_callback(proxy.stop)
        settings = self.theatre.environment(self.namespace, kubeconfig) | {"POD_NAME": identity} | environment
        operator = OperatorProcess(settings, folder / "operator.log")
        return Replica(proxy, operator, int(settings["VOICE_OPERATOR_PORT"]))

    async def close(self) -> None:
        await self._stack.aclose()

    async def start(self, *replicas: Replica) -> None:
        """Start the operator, or these."""
        for replica in replicas or (self.first,):
            await replica.operator.start()
            self._stack.push_async_callback(replica.operator.stop)

    async def gateway(self, name: str = "gateway-1") -> PromptGateway:
        """Add a gateway."""
        gateway = PromptGateway(self.kube, self.namespace)
        port = await gateway.start()
        self._stack.push_async_callback(gateway.stop)
        await announce(self.kube, self.namespace, name, port)
        return gateway

    async def create(self, spec: Object, figure: Figure = GOOD, name: str = "") -> None:
        """Create a VoiceRollout whose metrics are `figure`."""
        name = name or self.name
        spec = {**spec, "flag": {"name": name, **spec.get("flag", {})}}
        self.measure(figure, name)
        await self.kube.create(
            ROLLOUTS.format(self.namespace),
            {
                "apiVersion": "voicerollout.dev/v1alpha1",
                "kind": "VoiceRollout",
                "metadata": {"name": name, "namespace": self.namespace},
                "spec": spec,
            },
        )

    def measure(self, figure: Figure, name: str = "") -> None:
        """What every metric says from now on."""
        self.prometheus.figures[self.namespace, name or self.name] = figure

    async def change(self, name: str = "", **spec: Any) -> float:
        """Edit the spec; returns when, on the stage's clock."""
        await self.kube.merge(self.where(name), {"spec": spec})
        return self.clock()

    async def disable(self) -> float:
        """Ask for it, and wait until it is done; returns the seconds from the edit to the flag."""
        asked = await self.change(phase="disabled")
        await self.until(state="Disabled")
        assert self.flags.documents[-1]["state"] == "off"
        return self.flags.at[-1] - asked

    async def rollout(self, name: str = "") -> Object:
        return await self.kube.get(self.where(name))

    async def status(self, name: str = "") -> Object:
        status: Object = (await self.rollout(name)).get("status", {})
        return status

    async def document(self, name: str = "") -> Object:
        """The flag document as it is now; empty when there is none."""
        live = await self.kube.find(f"{CONFIG_MAPS.format(self.namespace)}/voice-flags") or {}
        found: Object = json.loads(live.get("data", {}).get(f"{name or self.name}.flag.json", "{}"))
        return found

    async def until(self, *, name: str = "", within: float = GENEROUS, **wanted: Any) -> Object:
        """The status, as soon as it says all that is wanted; a callable is asked about the value.

        What was committed before that status is in the flag's history then.
        """
        found: Object = await eventually(
            lambda: self._fitting(name, wanted), within, lambda: self._whole_story(name, wanted)
        )
        if (name or self.name) == self.flags.rollout and (document := await self.document()):
            await self.history(lambda flags: flags.documents[-1]["generation"] >= document["generation"])
        return found

    async def history(self, wanted: Callable[[FlagHistory], bool]) -> None:
        """Return when the flag's history has come to what is wanted."""

        async def told() -> bool | None:
            return True if self.flags.documents and wanted(self.flags) else None

        await eventually(told, GENEROUS, lambda: self._whole_story("", {}))

    async def looked(self) -> None:
        """Return when the operator's present process has looked at the rollout and holds it for what it is."""

        async def reported() -> bool | None:
            told = (
                f'namespace="{self.namespace}",rollout="{self.name}",state="{(await self.status())["state"]}"'
            )
            return True if f"voice_rollout_state{{{told}}} 1.0" in await self.first.figures() else None

        await eventually(reported, GENEROUS, lambda: self._whole_story("", {}))

    async def quiet(self, seconds: float = 0.5) -> None:
        """Return when the operator has written nothing for so long."""

        async def silent() -> bool | None:
            last = max((write.at for write in self.proxy.writes), default=0.0)
            return True if self.clock() - last > seconds else None

        await eventually(silent, GENEROUS, lambda: self._whole_story("", {}))

    async def _fitting(self, name: str, wanted: Mapping[str, Any]) -> Object | None:
        status = await self.status(name)
        return status if all(_fits(status.get(key), one) for key, one in wanted.items()) else None

    async def _whole_story(self, name: str, wanted: Mapping[str, Any]) -> str:
        status = json.dumps(await self.status(name), indent=1)
        writes = "\n".join(f"{one.number} {one.what} {one.status}" for one in self.proxy.writes[-20:])
        return f"wanted {wanted}, the status is {status}\n{writes}\n{self.operator.last_words()}"

    def where(self, name: str = "") -> str:
        return f"{ROLLOUTS.format(self.namespace)}/{name or self.name}"


@dataclass
class Theatre:
    """What all stages of a test share."""

    server: ControlPlane
    kube: Kube
    prometheus: PrometheusStub
    pods: PodsStandIn
    clock: Clock
    folder: Path

    @asynccontextmanager
    async def stage(self, **environment: str) -> AsyncIterator[Stage]:
        """A namespace of its own, with a proxy; the operator is not started yet."""
        namespace = await self.namespace()
        folder = self.folder / namespace
        folder.mkdir()
        stage = Stage(self, namespace, folder)
        await stage.open(**environment)
        try:
            yield stage
        finally:
            await stage.close()

    async def namespace(self) -> str:
        """A new namespace with the service account that every pod needs."""
        name = f"stage-{uuid.uuid4().hex[:8]}"
        await self.kube.create(NAMESPACES, {"metadata": {"name": name}})
        await self.kube.create(f"{NAMESPACES}/{name}/serviceaccounts", {"metadata": {"name": "default"}})
        return name

    def environment(self, namespace: str, kubeconfig: Path) -> dict[str, str]:
        return {
            "KUBECONFIG": str(kubeconfig),
            "VOICE_OPERATOR_NAMESPACE": namespace,
            "VOICE_OPERATOR_NAMESPACES": namespace,
            "VOICE_OPERATOR_PORT": str(free_ports(1)[0]),
            "VOICE_PROMETHEUS_URL": self.prometheus.url,
            "VOICE_TEMPLATES_PATH": str(kubeconfig.with_name("templates.yaml")),
            "VOICE_ENGINE_IMAGES": "espeak=registry.example/voice:1",
            "NO_PROXY": "*",
        }


async def ended(task: "asyncio.Task[None]") -> None:
    """Cancel a task; return when it has ended."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def eventually(
    found: Callable[[], Awaitable[Any]], within: float, otherwise: Callable[[], Awaitable[str]]
) -> Any:
    """What `found` finds, once that is something; after `within` seconds fail with what `otherwise` tells."""
    deadline = time.monotonic() + within
    while True:
        with suppress(aiohttp.ClientError, RefusedError, ConnectionError):
            if (answer := await found()) is not None:
                return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} s: {await otherwise()}")
        await asyncio.sleep(0.02)


def _fits(value: Any, wanted: Any) -> bool:
    return bool(wanted(value)) if callable(wanted) else value == wanted


async def install_crd(kube: Kube) -> None:
    """Create the resource definition, unless it is there; return when it is served."""
    with suppress(RefusedError):
        await kube.create(CRDS, yaml.safe_load(render()))

    async def otherwise() -> str:
        return "VoiceRollouts are not served"

    await eventually(lambda: kube.find(ROLLOUTS.format("default")), GENEROUS, otherwise)

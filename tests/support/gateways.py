"""Gateways as the operator sees them: ready Pods whose /metrics tells which flags they serve."""

from aiohttp import web

from support.kube import CONFIG_MAPS, PODS, Kube
from voice_flags import Snapshot

GATEWAY = {"voicerollout.dev/gateway": "true"}


async def announce(kube: Kube, namespace: str, name: str, port: int) -> None:
    """A ready Pod at 127.0.0.1:port, as the kubelet would report it."""
    container = {"name": "gateway", "image": "x", "ports": [{"name": "http", "containerPort": port}]}
    metadata = {"name": name, "namespace": namespace, "labels": GATEWAY}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}}
    await kube.create(PODS.format(namespace), pod)
    ready = {"type": "Ready", "status": "True"}
    status = {
        "phase": "Running",
        "podIP": "127.0.0.1",
        "podIPs": [{"ip": "127.0.0.1"}],
        "conditions": [ready],
    }
    await kube.merge(f"{PODS.format(namespace)}/{name}/status", {"status": status})


class PromptGateway:
    """Serves whatever the ConfigMap says at the moment it is asked, unless it is `stuck` at an older generation."""

    def __init__(self, kube: Kube, namespace: str, config_map: str = "voice-flags") -> None:
        self._kube, self._where = kube, f"{CONFIG_MAPS.format(namespace)}/{config_map}"
        self.stuck = False
        self.requests: dict[str, float] = {}
        """What it counted for the candidate of rollout f5, by status."""
        self._snapshot = Snapshot()

    async def start(self) -> int:
        """Listen; returns the port."""
        app = web.Application()
        app.router.add_get("/metrics", self._metrics)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _metrics(self, _: web.Request) -> web.Response:
        if not self.stuck:
            live = await self._kube.find(self._where)
            self._snapshot = self._snapshot.merge((live or {}).get("data") or {})
        lines = [
            f'voice_flags_generation{{rollout="{name}"}} {document.generation}.0'
            for name, document in self._snapshot.documents.items()
        ] + [
            f'tts_synthesis_total{{rollout="f5",variant="candidate",status="{status}"}} {times}'
            for status, times in self.requests.items()
        ]
        return web.Response(text="\n".join(lines) + "\n")

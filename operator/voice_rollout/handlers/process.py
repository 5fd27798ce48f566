"""The operator's process. kopf watches and wakes the loop; it decides nothing and writes nothing."""

import asyncio
import logging
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import kopf
from prometheus_client import CollectorRegistry

from voice_rollout.analysis import Analyst
from voice_rollout.api.names import GATEWAY_LABEL, GROUP, MANAGED_BY_LABEL, MANAGER, PLURAL, VERSION
from voice_rollout.apply import Writer
from voice_rollout.clients.cluster import Cluster
from voice_rollout.clients.lease import Lease
from voice_rollout.clients.prometheus import Prometheus
from voice_rollout.loop import Loop
from voice_rollout.reconcile import Reconciler
from voice_rollout.report import Reporter
from voice_rollout.resources import templates
from voice_rollout.settings import Settings, SettingsError, read_settings

from .logs import log_as_json
from .probes import Ears, serve_probes

log = logging.getLogger(__name__)


def wall_clock() -> datetime:
    """The one place where the operator reads the time of day."""
    return datetime.now(UTC)  # noqa: TID251


def run() -> int:
    """Run until a signal; 1 on a failure that a restart may mend, 2 on settings that it cannot."""
    log_as_json()
    try:
        settings = read_settings(os.environ)
        own = Path(settings.templates_path).read_text() if settings.templates_path else ""
        catalogue = templates.catalogue(own)
    except (SettingsError, templates.TemplateError) as error:
        log.error("%s", error)  # noqa: TRY400 - a sentence for people, not a traceback
        return 2
    registry = kopf.OperatorRegistry()
    Process(settings, catalogue).register(registry)
    kopf.run(registry=registry, standalone=True, namespaces=settings.namespaces, settings=kopf_settings())
    return 0


def kopf_settings() -> kopf.OperatorSettings:
    """A watch that goes silent is noticed, and nothing of kopf's own is written to objects."""
    settings = kopf.OperatorSettings()
    settings.watching.server_timeout = 240
    settings.watching.client_timeout = 300
    settings.watching.connect_timeout = 10
    settings.watching.inactivity_timeout = 70
    settings.networking.request_timeout = 15
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.peering.standalone = True
    settings.queueing.worker_limit = 20
    settings.process.ultimate_exiting_timeout = 20
    return settings


def log_in(**given: Any) -> kopf.ConnectionInfo | None:
    """Watches of kopf itself: as the pod's service account, or with KUBECONFIG from outside."""
    return kopf.login_with_service_account(**given) or kopf.login_with_kubeconfig(**given)


class Process:
    """Everything that lives as long as the process."""

    def __init__(self, settings: Settings, catalogue: Mapping[str, templates.Template]) -> None:
        self._settings, self._catalogue = settings, catalogue
        self._ears = Ears(time.monotonic)
        self._loop: Loop | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._lease: Lease | None = None
        self._cluster: Cluster | None = None

    def register(self, registry: kopf.OperatorRegistry) -> None:
        """Hear of what may matter; each event only says: look now."""
        kopf.on.login(registry=registry)(log_in)
        kopf.on.startup(registry=registry)(self.start)
        kopf.on.cleanup(registry=registry)(self.stop)
        managed = {MANAGED_BY_LABEL: MANAGER}
        kopf.on.event(GROUP, VERSION, PLURAL, registry=registry)(self.hear)
        kopf.on.event("configmaps", registry=registry)(self.wake)
        kopf.on.event("apps", "v1", "deployments", registry=registry, labels=managed)(self.wake)
        kopf.on.event("pods", registry=registry, labels={GATEWAY_LABEL: "true"})(self.wake)

    async def start(self, **_: object) -> None:
        """Wire everything together and start it."""
        settings, figures = self._settings, CollectorRegistry()
        cluster = await Cluster.connect()
        place = (settings.own_namespace, settings.lease)
        lease = Lease(cluster, place, settings.identity, time.monotonic, wall_clock)
        reporter = Reporter(cluster, settings.identity, wall_clock, figures)
        reconciler = Reconciler(Writer(cluster, lease, settings.engine_images), lease)
        loop = Loop(cluster, settings.namespaces, lease, reconciler, reporter, wall_clock)
        url = settings.prometheus_url
        prometheus = Prometheus(url, settings.prometheus_token_file) if url else None
        analyst = Analyst(prometheus, self._catalogue, wall_clock, loop.wake)
        self._cluster, self._lease, self._loop = cluster, lease, loop
        works = (lease.keep(lambda: loop.is_alive), loop.run(analyst, self._ears.noticed), analyst.run())
        self._tasks = [asyncio.create_task(work) for work in works]
        probes = serve_probes(settings.port, self._health, lambda: loop.is_alive, figures)
        self._tasks.append(asyncio.create_task(probes))

    async def stop(self, **_: object) -> None:
        """Stop deciding, then let the other replica start at once."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._lease is not None and self._cluster is not None:
            await self._lease.release()
            await self._cluster.close()

    async def wake(self, **_: object) -> None:
        """Something changed in the cluster."""
        if self._loop is not None:
            self._loop.wake()

    async def hear(self, body: kopf.Body, **_: object) -> None:
        """A rollout changed: look now, and remember that the watch told of it."""
        self._ears.heard(body["metadata"]["uid"], body["metadata"]["resourceVersion"])
        await self.wake()

    def _health(self) -> str:
        """What is wrong with this process; empty when nothing is."""
        if any(task.done() for task in self._tasks):
            return "a part of the operator has ended"
        if self._loop is not None and not self._loop.is_alive:
            return "the loop stands still"
        if self._lease is not None and self._lease.is_held and self._ears.are_deaf:
            return "the watch has gone silent"
        return ""

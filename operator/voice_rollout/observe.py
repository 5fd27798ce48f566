"""Fresh reads of a namespace, as the core wants to see them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from voice_rollout.api.names import GATEWAY_LABEL, workload_name
from voice_rollout.api.workload import Variant
from voice_rollout.clients.cluster import Cluster
from voice_rollout.clients.gateways import GatewayPod, ready_gateways
from voice_rollout.decision.model import Capacity, Rollout
from voice_rollout.resources.flag import People, unfit
from voice_rollout.resources.workload import is_ours

Object = dict[str, Any]

MANAGED = ("Deployment", "Service", "PodDisruptionBudget")
"""Kinds that the operator makes."""


@dataclass
class World:
    """One namespace as it is now; ConfigMaps are read when first asked for."""

    cluster: Cluster
    namespace: str
    rollouts: list[Object]
    objects: dict[tuple[str, str], Object]
    gateways: list[GatewayPod]
    _config_maps: dict[str, Object | None] = field(default_factory=dict)

    @classmethod
    async def read(cls, cluster: Cluster, namespace: str) -> "World":
        """A few lists, whatever the number of rollouts."""
        rollouts = await cluster.every("VoiceRollout", namespace)
        pods = await cluster.every("Pod", namespace, f"{GATEWAY_LABEL}=true")
        objects = {
            (kind, found["metadata"]["name"]): found
            for kind in MANAGED
            for found in await cluster.list_managed(kind, namespace)
        }
        return cls(cluster, namespace, rollouts, objects, ready_gateways(pods))

    async def config_map(self, name: str) -> Object | None:
        """A ConfigMap as it was when this look began, or None."""
        if name not in self._config_maps:
            self._config_maps[name] = await self.cluster.get("ConfigMap", self.namespace, name)
        return self._config_maps[name]

    def remember_config_map(self, name: str, live: Object) -> None:
        """It was just written: this is how it is now."""
        self._config_maps[name] = live

    async def people(self, rollout: Rollout) -> tuple[People, str]:
        """The audience with its lists read in, and what is wrong with them."""
        audience = rollout.spec.audience
        allow, lacking = await self._lines(audience.allow_from)
        deny, lacking_too = await self._lines(audience.deny_from)
        people = People(frozenset(audience.allow) | allow, frozenset(audience.deny) | deny)
        missing = sorted({*lacking, *lacking_too})
        if not missing:
            return people, unfit(people)
        return people, f"the audience names ConfigMap {', '.join(missing)}, which does not exist: create it"

    async def _lines(self, names: list[str]) -> tuple[frozenset[str], list[str]]:
        lines: set[str] = set()
        missing = []
        for name in names:
            found = await self.config_map(name)
            if found is None:
                missing.append(name)
                continue
            for text in (found.get("data") or {}).values():
                lines |= {line.strip() for line in text.splitlines() if line.strip()}
        return frozenset(lines), missing

    def capacity(self, rollout: Rollout, side: str) -> Capacity | None:
        """Pods of one variant; None where the operator runs none."""
        variant: Variant = rollout.spec.variant(side)
        if variant.workload is None:
            return None
        live = self.objects.get(("Deployment", workload_name(rollout.name, side)))
        return capacity_of(live) if live and is_ours(live, rollout) else Capacity()


def capacity_of(deployment: Mapping[str, Any]) -> Capacity:
    """What a live Deployment can carry; a status of an older generation has not rolled out the wanted template."""
    status, meta = deployment.get("status") or {}, deployment["metadata"]
    current = status.get("observedGeneration", 0) >= meta.get("generation", 0)
    return Capacity(
        ready=int(status.get("readyReplicas", 0)),
        applied=int(deployment["spec"].get("replicas") or 0),
        rolled_out=current and status.get("updatedReplicas", 0) == status.get("replicas", 0),
    )

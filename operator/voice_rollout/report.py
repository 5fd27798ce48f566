"""What the operator tells people: Events, one JSON line a decision, and figures about itself."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge

from voice_rollout.api.names import API_VERSION, KIND, MANAGER
from voice_rollout.api.status import RolloutState, Status
from voice_rollout.clients.cluster import ApiError, Cluster
from voice_rollout.reconcile import Result

_GRAVE = frozenset({RolloutState.ROLLING_BACK, RolloutState.ROLLED_BACK, RolloutState.INVALID})

log = logging.getLogger("voice_rollout.decisions")


class Reporter:
    """Says each thing once."""

    def __init__(
        self, cluster: Cluster, identity: str, clock: Callable[[], datetime], registry: CollectorRegistry
    ) -> None:
        self._cluster, self._identity, self._clock = cluster, identity, clock
        labels = ("namespace", "rollout")
        self._share = Gauge(
            "voice_rollout_share_percent", "Share on the candidate", labels, registry=registry
        )
        self._state = Gauge(
            "voice_rollout_state", "1 for the state it is in", (*labels, "state"), registry=registry
        )
        self._rollbacks = Gauge("voice_rollout_rollbacks", "Rollbacks so far", labels, registry=registry)
        self._propagation = Gauge(
            "voice_rollout_propagation_seconds",
            "From the last commit to its last gateway",
            labels,
            registry=registry,
        )
        self._decisions = Counter(
            "voice_rollout_decisions", "Moves of users", (*labels, "to"), registry=registry
        )

    async def report(self, live: dict[str, Any], before: Result | None, result: Result) -> None:
        """Log, count and post what is new in a result."""
        namespace, name = live["metadata"]["namespace"], live["metadata"]["name"]
        status, known = result.status, before.status if before else None
        self._measure(namespace, name, status)
        for move in result.moves:
            self._decisions.labels(namespace, name, move.to).inc()
            told = move.model_dump(mode="json", by_alias=True)
            log.info(
                "%s moved from %s to %s", name, move.from_, move.to, extra={"rollout": name, "decision": told}
            )
        if result.moves or (known is not None and known.state is not status.state):
            extra = {
                "rollout": name,
                "namespace": namespace,
                "state": status.state,
                "epoch": status.progress.epoch,
            }
            log.info("%s %s", status.state, status.message, extra=extra)
            await self._post(live, status)

    def forget(self, result: Result) -> None:
        """A deleted rollout's figures go."""
        if result.rollout is None:
            return
        namespace, name = result.rollout.namespace, result.rollout.name
        for gauge in (self._share, self._rollbacks, self._propagation):
            gauge.remove(namespace, name)
        self._state.remove_by_labels({"namespace": namespace, "rollout": name})

    def _measure(self, namespace: str, name: str, status: Status) -> None:
        self._share.labels(namespace, name).set(float(status.percentage))
        self._rollbacks.labels(namespace, name).set(status.rollbacks)
        self._propagation.labels(namespace, name).set(status.flag.propagation_seconds or 0.0)
        for state in RolloutState:
            self._state.labels(namespace, name, state).set(state is status.state)

    async def _post(self, live: dict[str, Any], status: Status) -> None:
        meta, at = live["metadata"], self._clock()
        body = {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {"generateName": f"{meta['name']}-", "namespace": meta["namespace"]},
            "eventTime": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "type": "Warning" if status.state in _GRAVE else "Normal",
            "reason": status.state,
            "action": "Decide",
            "note": status.message[:1000],
            "reportingController": f"{MANAGER}.dev/operator",
            "reportingInstance": self._identity,
            "regarding": {
                "apiVersion": API_VERSION,
                "kind": KIND,
                "name": meta["name"],
                "namespace": meta["namespace"],
                "uid": meta["uid"],
            },
        }
        try:
            await self._cluster.create(body)
        except ApiError as error:
            log.warning("event not posted: %s", error)

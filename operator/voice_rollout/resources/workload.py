"""The objects that run one variant: Deployment, Service, PodDisruptionBudget.

Pods pass the `restricted` Pod Security Standard by construction: nothing a tenant writes reaches a security field.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from voice_rollout.api.names import MANAGED_BY_LABEL, MANAGER, ROLLOUT_LABEL, VARIANT_LABEL, workload_name
from voice_rollout.api.workload import VOICES_ENV, Workload
from voice_rollout.decision.model import Rollout

Object = dict[str, Any]

USER_ID = 10001
DRAIN_SECONDS = 3
"""A stopping pod still answers while the Service's endpoints forget it."""
GRACE_SECONDS = 60
GPU_RESOURCE = "nvidia.com/gpu"
GPU_PRODUCT_LABEL = "nvidia.com/gpu.product"


@dataclass(frozen=True)
class EngineImages:
    """The images of our own engines, as the chart names them."""

    by_engine: Mapping[str, str]
    pull_policy: str = "IfNotPresent"

    def lacks(self, workload: Workload) -> str:
        """Why these pods have no image; empty when they have one."""
        engine = workload.engine
        if workload.image or engine in self.by_engine:
            return ""
        return (
            f"engine {engine} has no image here: set images.engines.{engine} in the chart, or workload.image"
        )


def objects(
    rollout: Rollout, side: str, workload: Workload, replicas: int, images: EngineImages
) -> tuple[Object, Object, Object]:
    """Deployment, Service and PodDisruptionBudget of one variant."""
    made = _Made(rollout, side, workload, images)
    return made.deployment(replicas), made.service(), made.disruption_budget()


class _Made:
    def __init__(self, rollout: Rollout, side: str, workload: Workload, images: EngineImages) -> None:
        self._rollout, self._side, self._workload, self._images = rollout, side, workload, images
        self._selector = {ROLLOUT_LABEL: rollout.name, VARIANT_LABEL: side}

    def _metadata(self) -> Object:
        return {
            "name": workload_name(self._rollout.name, self._side),
            "namespace": self._rollout.namespace,
            "labels": {MANAGED_BY_LABEL: MANAGER, **self._selector},
        }

    def service(self) -> Object:
        port = {"name": "http", "port": self._workload.port, "targetPort": "http", "protocol": "TCP"}
        spec = {"type": "ClusterIP", "selector": self._selector, "ports": [port]}
        return {"apiVersion": "v1", "kind": "Service", "metadata": self._metadata(), "spec": spec}

    def disruption_budget(self) -> Object:
        spec = {"maxUnavailable": 1, "selector": {"matchLabels": self._selector}}
        return {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": self._metadata(),
            "spec": spec,
        }

    def deployment(self, replicas: int) -> Object:
        pod = {
            "metadata": {
                "labels": {MANAGED_BY_LABEL: MANAGER, **self._selector},
                "annotations": {"prometheus.io/scrape": "true"},
            },
            "spec": self._pod(),
        }
        spec = {
            "replicas": replicas,
            "selector": {"matchLabels": self._selector},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": self._surge()},
            "revisionHistoryLimit": 3,
            "template": pod,
        }
        return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": self._metadata(), "spec": spec}

    def _surge(self) -> Object:
        """With every GPU in use a surplus pod would wait for ever."""
        return (
            {"maxSurge": 0, "maxUnavailable": 1}
            if self._workload.gpu
            else {"maxSurge": 1, "maxUnavailable": 0}
        )

    def _pod(self) -> Object:
        spec: Object = {
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": GRACE_SECONDS,
            "securityContext": self._user(),
            "containers": [self._container()],
            "volumes": _volumes(self._workload),
        }
        if self._workload.gpu:
            spec["nodeSelector"] = {GPU_PRODUCT_LABEL: self._workload.gpu.product}
            spec["tolerations"] = [{"key": GPU_RESOURCE, "operator": "Exists", "effect": "NoSchedule"}]
        return spec

    def _user(self) -> Object:
        """Voices get the pods' group once, not file by file at each start; no read-only volume is touched."""
        once = {"fsGroupChangePolicy": "OnRootMismatch"} if self._workload.voices else {}
        return {
            "runAsNonRoot": True,
            "runAsUser": USER_ID,
            "runAsGroup": USER_ID,
            "fsGroup": USER_ID,
            **once,
            "seccompProfile": {"type": "RuntimeDefault"},
        }

    def _container(self) -> Object:
        workload = self._workload
        ours = workload.engine is not None
        container: Object = {
            "name": "engine",
            "image": workload.image or self._images.by_engine[workload.engine or ""],
            "args": [*(["engine"] if ours else []), *workload.args],
            "env": self._env(),
            "ports": [{"name": "http", "containerPort": workload.port, "protocol": "TCP"}],
            "resources": self._resources(),
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            },
            "volumeMounts": _mounts(workload),
            "readinessProbe": _probe("/readiness" if ours else None, period=2, failures=2),
        }
        if ours:
            container["imagePullPolicy"] = self._images.pull_policy
            container["livenessProbe"] = _probe("/health", period=10, failures=6)
            container["lifecycle"] = {"preStop": {"sleep": {"seconds": DRAIN_SECONDS}}}
        return container

    def _env(self) -> list[Object]:
        workload = self._workload
        ours = {
            "VOICE_ENGINE": workload.engine,
            "VOICE_ROLLOUT": self._rollout.name,
            "VOICE_VARIANT": self._side,
            "VOICE_PORT": str(workload.port),
            "VOICE_MODEL_PATH": workload.model.mount_path if workload.model else None,
            VOICES_ENV: workload.voices.mount_path if workload.voices else None,
        }
        plain = workload.env | {name: value for name, value in ours.items() if value}
        secret = {
            name: {"secretKeyRef": {"name": key.secret, "key": key.key}}
            for name, key in workload.secret_env.items()
            if name not in plain
        }
        return [{"name": name, "value": value} for name, value in sorted(plain.items())] + [
            {"name": name, "valueFrom": source} for name, source in sorted(secret.items())
        ]

    def _resources(self) -> Object:
        asked = self._workload.resources
        gpu = {GPU_RESOURCE: str(self._workload.gpu.count)} if self._workload.gpu else {}
        both = {"requests": asked.requests | gpu, "limits": asked.limits | gpu}
        return {kind: amounts for kind, amounts in both.items() if amounts}


def _probe(path: str | None, period: int, failures: int) -> Object:
    """Ours is asked over HTTP; of any other server only its port is known."""
    check = {"httpGet": {"path": path, "port": "http"}} if path else {"tcpSocket": {"port": "http"}}
    return {**check, "periodSeconds": period, "timeoutSeconds": 2, "failureThreshold": failures}


def _volumes(workload: Workload) -> list[Object]:
    model, voices = workload.model, workload.voices
    claims: dict[str, Object] = {
        **({"model": {"claimName": model.claim, "readOnly": True}} if model else {}),
        **({"voices": {"claimName": voices.claim}} if voices else {}),
    }
    named = [{"name": name, "persistentVolumeClaim": claim} for name, claim in claims.items()]
    return [{"name": "tmp", "emptyDir": {}}, *named]


def _mounts(workload: Workload) -> list[Object]:
    model, voices = workload.model, workload.voices
    return [
        {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108
        *([{"name": "model", "mountPath": model.mount_path, "readOnly": True}] if model else []),
        *([{"name": "voices", "mountPath": voices.mount_path}] if voices else []),
    ]


def is_ours(live: Object, rollout: Rollout) -> bool:
    """An object of that name that carries our labels for this rollout."""
    labels = live["metadata"].get("labels") or {}
    return labels.get(MANAGED_BY_LABEL) == MANAGER and labels.get(ROLLOUT_LABEL) == rollout.name

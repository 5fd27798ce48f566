"""The operator at work with the chart's own rights, on a real API server; its pods are stood in for."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.control_plane import ControlPlane
from cluster.progress import wait_for
from support.chart import CHART, environment, find, helm, render

EXAMPLE = Path(__file__).parents[2] / "examples" / "01-first-rollout.yaml"
MADE = "deployments,services,poddisruptionbudgets,leases,configmaps,voicerollouts,events.events.k8s.io"


@pytest.fixture
def told(api_server: ControlPlane, namespace: str, tmp_path: Path) -> dict[str, str]:
    """The environment of the chart's operator, with the token of its account instead of a pod's."""
    done = helm(
        "install", "voice-rollout", str(CHART), f"--kubeconfig={api_server.kubeconfig}", "-n", namespace
    )
    assert done.returncode == 0, done.stderr
    token = api_server.kubectl("-n", namespace, "create", "token", "voice-rollout-operator").stdout.strip()
    kubeconfig = yaml.safe_load(api_server.kubeconfig.read_text())
    kubeconfig["users"] = [{"name": user["name"], "user": {"token": token}} for user in kubeconfig["users"]]
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(kubeconfig))
    operator = find(render({}), "Deployment", "voice-rollout-operator")["spec"]["template"]["spec"]
    return environment(operator) | {
        "KUBECONFIG": str(tmp_path / "kubeconfig"),
        "POD_NAME": "operator-1",
        "VOICE_OPERATOR_NAMESPACE": namespace,
        "VOICE_OPERATOR_NAMESPACES": namespace,
        "VOICE_OPERATOR_PORT": "0",
    }


@contextmanager
def operator(environment: dict[str, str], log: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "voice_rollout", "operator"]
    with log.open("w") as output:
        process = subprocess.Popen(command, env=os.environ | environment, stdout=output, stderr=output)
        try:
            yield
        finally:
            process.terminate()
            process.wait()


def a_rollout() -> dict[str, Any]:
    """The first example, sent straight to its first step."""
    rollout = yaml.safe_load(EXAMPLE.read_text())
    rollout["spec"] |= {"phase": "alpha", "percentage": 10, "advance": "Manual"}
    rollout["spec"]["stable"]["workload"]["replicas"]["min"] = 2
    return rollout


def test_the_operator_opens_a_flag_with_the_rights_of_the_chart(
    told: dict[str, str], api_server: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    def made() -> dict[str, Any]:
        listed = api_server.kubectl("-n", namespace, "get", MADE, "-o", "json").stdout
        return {f"{each['kind']}/{each['metadata']['name']}": each for each in json.loads(listed)["items"]}

    def serves_ten_percent_and_says_so() -> bool:
        now = made()
        for name, live in now.items():
            if name.startswith("Deployment/first-rollout-"):
                pretend_ready(api_server, live)
        flag = now.get("ConfigMap/voice-flags", {}).get("data", {}).get("first-rollout.flag.json", "{}")
        status = now["VoiceRollout/first-rollout"].get("status", {})
        said = any(name.startswith("Event/first-rollout-") for name in now)
        return said and json.loads(flag).get("percentage") == status.get("percentage") == 10

    api_server.kubectl("-n", namespace, "create", "-f", "-", stdin=json.dumps(a_rollout()))
    log = tmp_path / "operator.log"
    with operator(told, log):
        wait_for("the flag, the status and an Event of 10 %", serves_ten_percent_and_says_so, seconds=180)

    assert "forbidden" not in log.read_text().lower()
    kinds = {"Deployment", "Service", "PodDisruptionBudget"}
    assert {f"{kind}/first-rollout-stable" for kind in kinds} | {
        "Lease/voice-rollout-operator"
    } <= made().keys()


def pretend_ready(api_server: ControlPlane, deployment: dict[str, Any]) -> None:
    """What the Deployment controller says once every pod is ready."""
    replicas, metadata = deployment["spec"]["replicas"], deployment["metadata"]
    counts = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), replicas)
    status = {"status": {"observedGeneration": metadata["generation"], **counts}}
    where = ("-n", metadata["namespace"], "deployment", metadata["name"])
    api_server.kubectl("patch", *where, "--subresource=status", "--type=merge", "-p", json.dumps(status))

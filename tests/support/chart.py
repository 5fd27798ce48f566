"""The chart as Helm renders it, with the helm that the local cluster brings."""

import json
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from cluster.programs import program

CHART = Path(__file__).parents[2] / "charts" / "voice-rollout"
NAMESPACE = "voice"

Object = dict[str, Any]

# What people set, from nothing at all to everything that makes an object more.
WAYS_TO_INSTALL: dict[str, Object] = {
    "defaults": {},
    "everything": {
        "prometheus": {"tokenSecret": {"name": "prometheus-token"}},
        "templates": {"nps": {"window": "1h", "value": 'avg by ($by) (nps{team="voice"})'}},
        "operator": {"namespaces": ["voice", "recommendations"], "tolerations": [{"operator": "Exists"}]},
        "gateway": {"defaultRollout": "f5-tts", "nodeSelector": {"pool": "cpu"}},
        "images": {"pullSecrets": ["pull"]},
        "podMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
        "networkPolicy": {"enabled": True},
    },
    "gateway alone": {"operator": {"enabled": False}},
}


def helm(*words: str, values: Object | None = None) -> subprocess.CompletedProcess[str]:
    """Run helm with `values` put over the chart's own."""
    over = ["--values", "-"] if values is not None else []
    command = [str(program("helm")), *words, *over]
    return subprocess.run(command, input=json.dumps(values), capture_output=True, text=True, check=False)


def render(values: Object) -> list[Object]:
    """Every object of the chart under these values."""
    return _rendered(json.dumps(values, sort_keys=True))


@cache
def _rendered(values: str) -> list[Object]:
    done = helm("template", "voice-rollout", str(CHART), "-n", NAMESPACE, values=json.loads(values))
    assert done.returncode == 0, done.stderr
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def find(objects: list[Object], kind: str, name: str, namespace: str = NAMESPACE) -> Object:
    """The one object of this kind and name."""
    (found,) = [each for each in objects if identity(each) == (kind, namespace, name)]
    return found


def identity(each: Object) -> tuple[str, str, str]:
    return each["kind"], each["metadata"]["namespace"], each["metadata"]["name"]


def pods(objects: list[Object]) -> Iterator[Object]:
    """Every pod that the objects bring about, as a Pod."""
    for each in objects:
        if each["kind"] == "Pod":
            yield each
        elif each["kind"] == "Deployment":
            template = each["spec"]["template"]
            metadata = {"name": each["metadata"]["name"], **template["metadata"]}
            yield {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


def environment(pod_spec: Object) -> Object:
    """The variables of a pod's only container: values, or the field they come from."""
    (container,) = pod_spec["containers"]
    return {
        each["name"]: each.get("value") or each["valueFrom"]["fieldRef"]["fieldPath"]
        for each in container["env"]
    }

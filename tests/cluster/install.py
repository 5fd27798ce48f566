"""The product on a local cluster, from this checkout: images, resource definitions, chart."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from cluster.cluster import Cluster
from cluster.images import CHECKOUT, Image
from cluster.programs import program
from cluster.progress import telling

CHART = CHECKOUT / "charts/voice-rollout"
VALUES = Path(__file__).with_name("values.yaml")
RELEASE = "voice-rollout"
NAMESPACE = "voice"


def install(cluster: Cluster, images: Sequence[Image], *settings: str) -> None:
    """Install the chart, or bring it up to date, and wait until it runs.

    `settings` are `name=value` pairs for the chart, over those of values.yaml.
    """
    for image in images:
        cluster.load(image)
    create_namespace(cluster, NAMESPACE)
    cluster.kubectl("apply", "--server-side", "--force-conflicts", f"--filename={CHART}/crds")
    chosen = [f"{image.value}={image.name}" for image in images]
    words = [word for setting in (*chosen, *settings) for word in ("--set", setting)]
    place = (f"--namespace={NAMESPACE}", f"--values={VALUES}", "--wait", "--timeout=10m")
    with telling(cluster.say, lambda: "still waiting for the chart's pods"):
        try:
            helm(cluster, "upgrade", "--install", RELEASE, str(CHART), *place, *words)
        except RuntimeError as error:
            raise RuntimeError(f"{error}\n{what_the_pods_say(cluster)}") from error
    cluster.say(f"the chart runs in namespace {NAMESPACE}")


def what_the_pods_say(cluster: Cluster) -> str:
    """The release's pods and the end of their logs, for whoever must find out why it did not start."""
    place = (f"--namespace={NAMESPACE}", f"--selector=app.kubernetes.io/instance={RELEASE}")
    states = cluster.kubectl("get", "pods", *place, check=False).stdout
    return states + cluster.kubectl("logs", *place, "--prefix", "--tail=5", check=False).stdout


def create_namespace(cluster: Cluster, name: str) -> None:
    """Make the namespace, in which only pods of the restricted Pod Security Standard are let in."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
    cluster.kubectl("apply", "--server-side", "--filename=-", stdin=json.dumps(namespace))


def helm(cluster: Cluster, *words: str) -> str:
    """What helm printed; raises RuntimeError with its complaint when it fails."""
    command = [*cluster.enter_argv, str(program("helm")), *words]
    done = subprocess.run(command, env=cluster.environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"helm {words[0]} failed: {done.stderr.strip()}")
    return done.stdout

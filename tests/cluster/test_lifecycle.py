"""A cluster comes up, survives what is done to it, and leaves nothing behind."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from signal import SIGKILL

import pytest

from cluster.cgroup import hierarchies
from cluster.cluster import Cluster
from cluster.leftovers import (
    CNI_RESULTS,
    CONTAINER_LOG_LINKS,
    leads_into,
    mounts_below,
    shim_sockets,
    text_of,
)
from cluster.progress import wait_for
from support.cluster import reserved_name

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

TESTS = Path(__file__).parents[1]
PAUSE_POD = """
apiVersion: v1
kind: Pod
metadata: {name: idle, namespace: default}
spec:
  containers: [{name: idle, image: "localhost/pause:1", imagePullPolicy: Never}]
"""


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A cluster of this test's own, not yet up."""
    with reserved_name("lifecycle") as name:
        own = Cluster(name)
        own.down()
        yield own
        own.down()


def traces(cluster: Cluster) -> list[str]:
    """Everything on this machine that belongs to the cluster, in words."""
    groups = [hierarchy / cluster.cgroup.name for hierarchy in hierarchies()]
    links = [link for link in CONTAINER_LOG_LINKS.glob("*") if leads_into(link, cluster.folder)]
    results = [result for result in CNI_RESULTS.glob("*") if f"{cluster.folder}/" in text_of(result)]
    paths = [cluster.folder, cluster.network.path, *groups, *links, *results, *shim_sockets(cluster.folder)]
    found = [str(path) for path in paths if path.exists() or path.is_symlink()]
    return found + mounts_below(cluster.folder) + processes_that_name(cluster.folder)


def processes_that_name(folder: Path) -> list[str]:
    command_lines = [
        read_bytes(path).decode(errors="replace") for path in Path("/proc").glob("[0-9]*/cmdline")
    ]
    return [line for line in command_lines if f"{folder}/" in line]


def read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def pids(cluster: Cluster) -> dict[str, int | None]:
    return {name: cluster.pid(name) for name in cluster.components}


def run_a_pod(cluster: Cluster) -> None:
    wait_for("the default service account", lambda: has_service_account(cluster), seconds=180)
    cluster.kubectl("create", "--filename=-", stdin=PAUSE_POD)
    cluster.kubectl("wait", "--for=condition=Ready", "--timeout=180s", "pod/idle")


def has_service_account(cluster: Cluster) -> bool:
    return cluster.kubectl("get", "serviceaccount", "default", check=False).returncode == 0


def test_up_twice_is_up_once_and_down_leaves_nothing(cluster: Cluster) -> None:
    cluster.up()
    run_a_pod(cluster)
    first = pids(cluster)
    cluster.up()
    assert pids(cluster) == first
    assert len(traces(cluster)) > len(first)
    sockets = shim_sockets(cluster.folder)
    assert sockets
    cluster.down()
    assert traces(cluster) == []
    assert not [socket for socket in sockets if socket.exists()]


def test_a_start_that_was_killed_half_way_is_taken_up_by_the_next(cluster: Cluster) -> None:
    command = [sys.executable, "-m", "cluster", "--name", cluster.name, "up"]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(TESTS)}) as starting:
        wait_for("the API server to start", lambda: cluster.pid("kube-apiserver"), seconds=180)
        starting.kill()
    assert cluster.trouble() == "an earlier start was not finished"
    cluster.up()
    assert cluster.trouble() == ""


def test_a_cluster_whose_parts_were_killed_leaves_nothing_either(cluster: Cluster) -> None:
    cluster.up()
    run_a_pod(cluster)
    for name in cluster.components:
        cluster.signal(name, SIGKILL)
    assert "not running" in cluster.trouble()
    cluster.down()
    assert traces(cluster) == []


def test_two_clusters_run_beside_each_other(cluster: Cluster) -> None:
    other = Cluster(f"{cluster.name}-other")
    try:
        cluster.up()
        other.up()
        cluster.kubectl("create", "namespace", "only-here")
        assert other.kubectl("get", "namespace", "only-here", check=False).returncode != 0
        other.down()
        assert cluster.trouble() == ""
    finally:
        other.down()


def test_what_is_not_up_says_how_to_start_it(cluster: Cluster) -> None:
    enter = TESTS / "cluster/enter"
    env = {**os.environ, "VOICE_CLUSTER": cluster.name}
    refused = subprocess.run([enter, "true"], env=env, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "make cluster" in refused.stderr

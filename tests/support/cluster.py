"""A Kubernetes for tests: an API server alone (`api_server`, about 3 s), or a whole cluster (`cluster`)."""

import itertools
import os
import socket
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kubernetes.aio import client, config

from cluster.cluster import Cluster
from cluster.control_plane import ControlPlane, free_endpoints
from cluster.images import Image, build_all
from cluster.lock import took
from cluster.processes import birth
from cluster.programs import CACHE
from cluster.progress import timed, wait_for

API_SERVERS = CACHE / "api-servers"


@pytest.fixture(scope="session")
def api_server() -> Iterator[ControlPlane]:
    """etcd and kube-apiserver on this machine's loopback: objects, rules and watches, but no pods."""
    for folder in abandoned(API_SERVERS):
        ControlPlane(folder).down()
    server = ControlPlane(API_SERVERS / me(), free_endpoints())
    try:
        server.up()
        yield server
    finally:
        server.down()


@pytest.fixture
async def api(api_server: ControlPlane) -> AsyncIterator[client.ApiClient]:
    """A client with every right on the API server."""
    async with await config.new_client_from_config(str(api_server.kubeconfig)) as connected:
        yield connected


@pytest.fixture
def namespace(api_server: ControlPlane) -> str:
    """A namespace on the API server that no other test uses. It is never deleted: the server goes first."""
    return new_namespace(api_server)


@pytest.fixture(scope="session")
def images() -> list[Image]:
    """The product's images, built from this checkout."""
    return build_all(timed("images "))


@pytest.fixture(scope="session")
def cluster(images: list[Image]) -> Iterator[Cluster]:
    """A whole cluster of these tests' own, with the product's images loaded.

    Its addresses are reachable through `cluster.enter_argv`, or from a test that asks for `inside_cluster`.
    """
    with reserved_name("test") as name:
        started = Cluster(name, timed(f"cluster {name} "))
        started.down()
        try:
            started.up()
            for image in images:
                started.load(image)
            yield started
        finally:
            started.down()


@pytest.fixture
def inside_cluster(cluster: Cluster) -> Iterator[None]:
    """The test runs in the cluster's network: 198.51.100.1, Services and pods are directly reachable."""
    with cluster.network.inside():
        yield


@pytest.fixture
def cluster_namespace(cluster: Cluster) -> Iterator[str]:
    """A namespace on the cluster, under the restricted Pod Security Standard, gone after the test."""
    name = new_namespace(cluster)

    def has_service_account() -> bool:
        found = cluster.kubectl("get", "serviceaccount", "default", f"--namespace={name}", check=False)
        return found.returncode == 0

    wait_for("the service account without which no pod is let in", has_service_account, seconds=180)
    cluster.kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
    yield name
    cluster.kubectl("delete", "pods,deployments", "--all", f"--namespace={name}", "--now", "--wait=false")
    cluster.kubectl("delete", "namespace", name, "--wait=false")


def new_namespace(place: ControlPlane) -> str:
    name = f"test-{uuid.uuid4().hex[:8]}"
    place.kubectl("create", "namespace", name)
    return name


@contextmanager
def reserved_name(wanted: str) -> Iterator[str]:
    """A cluster name that no other run of the tests uses now: the wanted one, or "test-2" beside "test".

    What a run that was cut short left under it is found, and taken away, by the next one.
    """
    names = itertools.chain([wanted], (f"{wanted}-{number}" for number in itertools.count(2)))
    with socket.socket(socket.AF_UNIX) as place:
        yield next(name for name in names if took(place, f"tests/{name}"))


def me() -> str:
    """A name that only this process ever has."""
    return f"{os.getpid()}-{birth(os.getpid()).rpartition('/')[2]}"


def abandoned(folder: Path) -> list[Path]:
    """What is in `folder` under the names of processes that are no more."""
    return [path for path in folder.glob("*") if not has_owner(path.name)]


def has_owner(name: str) -> bool:
    pid, _, born = name.partition("-")
    return bool(born) and birth(int(pid)).rpartition("/")[2] == born

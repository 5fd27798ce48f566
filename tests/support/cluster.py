"""A Kubernetes for tests: an API server alone (`api_server`, about 3 s), or a whole cluster (`cluster`)."""

import os
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from kubernetes.aio import client, config

from cluster.control_plane import ControlPlane, free_endpoints
from cluster.processes import birth
from cluster.programs import CACHE

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
    """A namespace that no other test uses. It is never deleted: the API server goes first."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    api_server.kubectl("create", "namespace", name)
    return name


def me() -> str:
    """A name that only this process ever has."""
    return f"{os.getpid()}-{birth(os.getpid()).rpartition('/')[2]}"


def abandoned(folder: Path) -> list[Path]:
    """What is in `folder` under the names of processes that are no more."""
    return [path for path in folder.glob("*") if not has_owner(path.name)]


def has_owner(name: str) -> bool:
    pid, _, born = name.partition("-")
    return bool(born) and birth(int(pid)).rpartition("/")[2] == born

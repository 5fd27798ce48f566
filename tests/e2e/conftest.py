"""The product installed on a real cluster, and a test that stands inside its network."""

from collections.abc import Iterator

import pytest

from cluster.cluster import Cluster
from cluster.images import Image
from cluster.install import install


@pytest.fixture(scope="session")
def installed(cluster: Cluster, images: list[Image]) -> Cluster:
    """The chart, from this checkout, in namespace voice."""
    install(cluster, images)
    return cluster


@pytest.fixture
def on_stage(installed: Cluster, inside_cluster: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """kubectl and the cluster's addresses as a person in the cluster's network has them."""
    for name in ("KUBECONFIG", "PATH"):
        monkeypatch.setenv(name, installed.environment[name])
    return installed

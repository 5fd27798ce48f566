from collections.abc import AsyncIterator

import pytest

from cluster.control_plane import ControlPlane
from support.kube import Kube
from support.stage import install_crd


@pytest.fixture
async def kube(api_server: ControlPlane) -> AsyncIterator[Kube]:
    """The API server, with our resource in it."""
    found = Kube(api_server)
    try:
        await install_crd(found)
        yield found
    finally:
        await found.close()

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from cluster.control_plane import ControlPlane
from support.clock import Clock
from support.kube import Kube
from support.pods import PodsStandIn
from support.prometheus_stub import PrometheusStub
from support.stage import Stage, Theatre, ended, install_crd


@pytest.fixture
async def theatre(api_server: ControlPlane, tmp_path: Path) -> AsyncIterator[Theatre]:
    """The API server with the resource known, a Prometheus, and somebody who makes pods ready."""
    async with AsyncExitStack() as stack:
        stack.push_async_callback(asyncio.sleep, 0.1)  # in which TLS connections say goodbye
        kube, prometheus = Kube(api_server), PrometheusStub()
        stack.push_async_callback(kube.close)
        await install_crd(kube)
        await prometheus.start()
        stack.push_async_callback(prometheus.stop)
        pods = PodsStandIn(kube)
        stack.push_async_callback(ended, asyncio.create_task(pods.run()))
        clock = Clock()
        stack.push_async_callback(ended, asyncio.create_task(clock.run()))
        yield Theatre(api_server, kube, prometheus, pods, clock, tmp_path)


@pytest.fixture
async def stage(theatre: Theatre) -> AsyncIterator[Stage]:
    """A namespace with an operator that has yet to be started."""
    async with theatre.stage() as stage:
        yield stage

"""A minute without Prometheus moves nobody, and is no obstacle to a person."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
from demo import report, stage
from demo.scene import Scene, opened

from cluster.cluster import Cluster
from support.clock import Clock

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

DISABLED = '{"spec": {"phase": "disabled"}}'
LONGER = '[{"op": "replace", "path": "/spec/phases/0/steps/0/hold", "value": "30s"}]'
"""At alpha: on a slow machine Prometheus is not gone within the example's five seconds."""


@asynccontextmanager
async def ticking() -> AsyncIterator[Clock]:
    clock = Clock()
    task = asyncio.create_task(clock.run())
    try:
        yield clock
    finally:
        task.cancel()


@asynccontextmanager
async def no_prometheus(cluster: Cluster) -> AsyncIterator[None]:
    await asyncio.to_thread(cluster.processes.stop, "prometheus")
    try:
        yield
    finally:
        await asyncio.to_thread(cluster.start, "prometheus")


async def test_a_minute_without_prometheus_holds_says_why_and_resumes(on_stage: Cluster) -> None:
    async with opened(stage.IMAGE, print) as scene, ticking() as clock:
        await asyncio.to_thread(stage.kubectl, "patch", "vr", stage.ROLLOUT, "--type=json", "-p", LONGER)
        await scene.until("alpha 10 %", partial(scene.reached, "alpha", 10), 120)

        async with no_prometheus(on_stage):
            await scene.until("the status names Prometheus", lambda: "Prometheus" in scene.says(), 60)
            gone = time.monotonic()
            await scene.until("a minute passes", lambda: time.monotonic() - gone > 60, 120)
            assert "Prometheus" in scene.says()
            assert newest(scene) == "alpha 10 %"
        await scene.until("beta 10 %", partial(scene.reached, "beta", 10), 120)

        async with no_prometheus(on_stage):
            await asyncio.to_thread(
                stage.kubectl, "patch", "vr", stage.ROLLOUT, "--type=merge", "-p", DISABLED
            )
            asked = clock()
            await scene.until("nobody on the candidate", lambda: newest(scene) == "disabled 0 %", 60)
            assert clock() - asked < 2

        await asyncio.to_thread(stage.stop_users)
    assert report.changed_wrongly(scene.sight) == 0


def newest(scene: Scene) -> str:
    """Where the flags say that users are."""
    document = scene.sight.documents[max(scene.sight.documents)]
    return f"{document.phase} {document.percentage} %"

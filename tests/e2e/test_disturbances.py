"""No user's request fails while things are killed and restarted."""

import asyncio
import json
import os
from collections.abc import Callable
from functools import partial

import pytest
from demo import report, stage
from demo.scene import Scene, opened

from cluster.cluster import Cluster

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

RATE, USERS = (20, 1200) if (os.cpu_count() or 1) > 2 else (12, 720)
"""Twenty a second take three quarters of two cores, the whole cluster being on them: on a slower day nothing is left,
and what nobody has time for is rightly refused."""
FORGIVING = json.dumps(
    [
        {"op": "replace", "path": "/spec/analysis/metrics/0/rollback/max", "value": 0.5},
        {"op": "replace", "path": "/spec/analysis/metrics/1/rollback/max", "value": 60},
    ]
)
"""A killed pod may leave the others more than they carry; the example's bounds would rightly take users back."""


def restart_gateways() -> None:
    stage.kubectl("rollout", "restart", "deployment/voice-gateway")
    stage.kubectl("rollout", "status", "deployment/voice-gateway", "--timeout=120s")


def kill_leading_operator() -> None:
    lease = json.loads(stage.kubectl("get", "lease", "voice-rollout-operator", "-o", "json"))
    kill(f"pod/{lease['spec']['holderIdentity']}")


def kill_an_engine(side: str) -> Callable[[], None]:
    def kill_it() -> None:
        pods = stage.kubectl("get", "pods", "-l", f"voicerollout.dev/variant={side}", "-o", "name").split()
        kill(pods[0])

    return kill_it


def kill(pod: str) -> None:
    stage.kubectl("delete", pod, "--grace-period=0", "--force")


async def test_no_user_notices_restarts_and_kills_during_a_climb(on_stage: Cluster) -> None:
    async with opened(stage.IMAGE, print, RATE, USERS) as scene:
        await asyncio.to_thread(stage.kubectl, "patch", "vr", stage.ROLLOUT, "--type=json", "-p", FORGIVING)
        for phase, share, disturb in (
            ("alpha", 10, kill_leading_operator),
            ("beta", 25, restart_gateways),
            ("beta", 50, kill_an_engine("stable")),
            ("ga", 75, kill_an_engine("candidate")),
        ):
            await scene.until(f"{phase} {share} %", partial(scene.reached, phase, share), 120)
            await asyncio.to_thread(disturb)
        await scene.until("everybody on the candidate", partial(scene.state_is, "Complete"), 300)
        await asyncio.to_thread(stage.stop_users)
        print("stable spoke in the candidate's place:", dict(scene.sight.fallbacks()))

    failed, cut = unhappy(scene)
    assert (failed, report.changed_wrongly(scene.sight)) == ([], 0)
    assert len(cut) <= 2, "one stream for each killed engine, which speaks one at a time"
    assert [step["percentage"] for step in report.shares(scene.sight, scene.began)] == [
        0,
        10,
        10,
        25,
        50,
        50,
        75,
        100,
    ]


def unhappy(scene: Scene) -> tuple[list[object], list[object]]:
    """Requests that failed, and streams that were being heard: nobody can go on where a killed pod stopped."""
    bad = [one for one in scene.sight.requests if one["status"] != 200]
    print("failed or cut:", *bad, sep="\n")
    cut = [one for one in bad if one["streamed"] and one["status"] == 0 and one["heard"]]
    return [one for one in bad if one not in cut], cut

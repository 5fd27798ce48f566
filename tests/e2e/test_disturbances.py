"""No user's request fails while things are killed and restarted, at 20 requests a second."""

import asyncio
import json
from collections.abc import Callable
from functools import partial

import pytest
from demo import report, stage
from demo.scene import Scene, opened

from cluster.cluster import Cluster

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]


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
    async with opened(stage.IMAGE, print) as scene:
        for phase, share, disturb in (
            ("alpha", 10, kill_leading_operator),
            ("beta", 25, restart_gateways),
            ("beta", 50, kill_an_engine("stable")),
            ("ga", 75, kill_an_engine("candidate")),
        ):
            await scene.until(f"{phase} {share} %", partial(scene.reached, phase, share), 120)
            await asyncio.to_thread(disturb)
        await scene.until("everybody on the candidate", partial(scene.state_is, "Complete"), 180)
        await asyncio.to_thread(stage.stop_users)

    assert users_are_content(scene) == {"failed": [], "changed side wrongly": 0}
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


def users_are_content(scene: Scene) -> dict[str, object]:
    failed = [one for one in scene.sight.requests if one["status"] != 200]
    return {"failed": failed, "changed side wrongly": report.changed_wrongly(scene.sight)}

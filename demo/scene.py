"""A rollout with users on it, and everything that watches them."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from demo import stage, watch
from demo.watch import Sight
from kubernetes.aio import client, config


@dataclass
class Scene:
    """What is seen, and the means to see more."""

    session: aiohttp.ClientSession
    api: client.ApiClient
    began: float = field(default_factory=time.time)
    sight: Sight = field(default_factory=Sight)
    watching: list[asyncio.Task[None]] = field(default_factory=list)

    def watch(self, *eyes: Coroutine[Any, Any, None]) -> None:
        """Keep an eye on something until the scene ends."""
        self.watching += [asyncio.create_task(eye) for eye in eyes]

    async def until(self, what: str, holds: Callable[[], bool], seconds: float) -> None:
        """Wait for something to be seen, or fail with the last status."""
        end = time.monotonic() + seconds
        while not holds():
            for task in self.watching:
                if task.done() and (error := task.exception()):
                    raise error
            if time.monotonic() > end:
                raise TimeoutError(
                    f"not seen in {seconds:g} s: {what}; the status says: {self.says()};"
                    f" stable spoke in the candidate's place: {dict(self.sight.fallbacks())}"
                )
            await asyncio.sleep(0.1)

    def says(self) -> str:
        """The latest status in its own words."""
        return str(self.sight.status.get("message", ""))

    def reached(self, phase: str, share: float) -> bool:
        """Users are or were at this point."""
        return any((one.phase, one.percentage) == (phase, share) for one in self.sight.documents.values())

    def state_is(self, state: str) -> bool:
        """The operator says this state."""
        return bool(self.sight.status.get("state") == state)

    def stable_is_ready(self) -> bool:
        """Every stable pod is ready."""
        pods = self.sight.status.get("workloads", {}).get("stable", {})
        return bool(pods.get("ready")) and pods["ready"] == pods["wanted"]


@asynccontextmanager
async def opened(
    image: str, tell: Callable[[str], None], rate: int = stage.RATE, users: int = stage.USERS
) -> AsyncIterator[Scene]:
    """The first rollout applied on a clean stage, with its users speaking; they leave at the end."""
    tell("cleaning up after an earlier demo, putting the voices on their volumes")
    await asyncio.to_thread(stage.clean)
    await asyncio.to_thread(stage.put_voices, image)
    tell(f"kubectl apply -f examples/{stage.EXAMPLE.name}")
    await asyncio.to_thread(stage.start_rollout)
    await config.load_kube_config(os.environ.get("KUBECONFIG"))
    async with client.ApiClient() as api, aiohttp.ClientSession() as session:
        scene = Scene(session, api)
        core, custom = client.CoreV1Api(api), client.CustomObjectsApi(api)
        sight = scene.sight
        scene.watch(
            watch.flags(sight, core), watch.status(sight, custom), watch.gateways(sight, session, core)
        )
        try:
            await scene.until("stable pods are ready", scene.stable_is_ready, 90)
            tell(f"{users} users start to speak, {rate} requests a second")
            await asyncio.to_thread(stage.start_users, image, rate, users)
            scene.watch(watch.users(sight))
            yield scene
        finally:
            await asyncio.to_thread(stage.stop_users)
            for task in scene.watching:
                task.cancel()
            await asyncio.gather(*scene.watching, return_exceptions=True)

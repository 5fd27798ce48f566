"""Leadership by Lease, with its transitions as a fencing epoch.

A lease's age is counted on this process's own clock from the moment its renewal was seen, never by comparing wall
clocks. It is renewed only while the holder's loop is alive, and a holder that could not renew in time stops by itself
before anybody else may start (15 s, 10 s, 2 s, as Kubernetes' own controllers).
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from .cluster import ApiError, Cluster

DURATION_SECONDS = 15
DEADLINE_SECONDS = 10.0
RETRY_SECONDS = 2.0
_GONE = ""
"""The version of a Lease that is not there."""

log = logging.getLogger(__name__)


class NotLeadingError(Exception):
    """Another replica leads, or may lead: nothing may be written now."""


class Lease:
    """One replica's view of the operator's Lease: `place` is its namespace and name."""

    def __init__(
        self,
        cluster: Cluster,
        place: tuple[str, str],
        identity: str,
        monotonic: Callable[[], float],
        clock: Callable[[], datetime],
    ) -> None:
        self._cluster, self._identity = cluster, identity
        self._namespace, self._name = place
        self._monotonic, self._clock = monotonic, clock
        self._seen: tuple[Any, float] = (None, 0.0)
        self._renewed: float | None = None
        self._epoch = 0
        self._latest = 0
        """The largest number of transitions seen: an epoch is never used twice, whatever happens to the Lease."""

    @property
    def epoch(self) -> int:
        """The fencing number of this leadership."""
        return self._epoch

    @property
    def identity(self) -> str:
        """Whose leadership it is."""
        return self._identity

    @property
    def is_held(self) -> bool:
        """Renewed so recently that nobody else can hold it."""
        return self._renewed is not None and self._monotonic() - self._renewed < DEADLINE_SECONDS

    def outranked(self, epoch: int) -> None:
        """Somebody else wrote with this epoch, not below ours: raise NotLeadingError, lead with a larger one.

        It happens where the Lease was deleted while no replica ran that could remember its transitions.
        """
        self._latest, self._renewed = epoch + 1, None
        raise NotLeadingError

    def check(self) -> None:
        """Raise NotLeadingError unless this process still holds the lease; called before every write."""
        if not self.is_held:
            raise NotLeadingError

    async def keep(self, alive: Callable[[], bool]) -> None:
        """Acquire and renew for ever, as long as `alive()` says that the work goes on."""
        while True:
            if alive():
                await self._try_once()
            await asyncio.sleep(RETRY_SECONDS)

    async def _try_once(self) -> None:
        began = self._monotonic()
        try:
            held = await self._acquire_or_renew()
        except ApiError as error:
            log.warning("lease not renewed: %s", error)
            return
        was_held = self._renewed is not None
        self._renewed = began if held else None
        if held != was_held:
            log.info("%s leadership, epoch %d", "took" if held else "without", self._epoch)

    async def _acquire_or_renew(self) -> bool:
        live = await self._cluster.get("Lease", self._namespace, self._name)
        if live is None:
            return await self._make()
        self._latest = max(self._latest, _transitions(live))
        taking_over = live["spec"].get("holderIdentity") != self._identity
        if taking_over and not self._has_expired(live):
            return False
        epoch = self._latest + taking_over
        await self._cluster.replace({**live, "spec": self._spec(epoch)})
        self._latest = self._epoch = epoch
        return True

    def _has_expired(self, live: dict[str, Any]) -> bool:
        if not live["spec"].get("holderIdentity"):
            return True
        duration = live["spec"].get("leaseDurationSeconds") or DURATION_SECONDS
        return self._unchanged_for(live["metadata"]["resourceVersion"]) > min(duration, DURATION_SECONDS)

    def _unchanged_for(self, version: str) -> float:
        now = self._monotonic()
        if self._seen[0] != version:
            self._seen = (version, now)
        return now - self._seen[1]

    async def _make(self) -> bool:
        """Whoever held a Lease that was deleted may not know yet: he makes it again, or is given the time to stop."""
        is_new = self._latest == 0
        if not (is_new or self.is_held or self._unchanged_for(_GONE) > DURATION_SECONDS):
            return False
        body = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": self._name, "namespace": self._namespace},
            "spec": self._spec(self._latest + 1),
        }
        await self._cluster.create(body)
        self._latest = self._epoch = self._latest + 1
        return True

    def _spec(self, transitions: int) -> dict[str, Any]:
        return {
            "holderIdentity": self._identity,
            "leaseDurationSeconds": DURATION_SECONDS,
            "leaseTransitions": transitions,
            "renewTime": self._clock().strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }

    async def release(self) -> None:
        """Let the other replica start at once; called on a clean end."""
        if not self.is_held:
            return
        live = await self._cluster.get("Lease", self._namespace, self._name)
        self._renewed = None
        if live and live["spec"].get("holderIdentity") == self._identity:
            await self._cluster.replace({**live, "spec": {**live["spec"], "holderIdentity": ""}})


def _transitions(live: dict[str, Any]) -> int:
    return int(live["spec"].get("leaseTransitions") or 0)

"""The loop that judges every rollout: one set of reads a tick, and only rollouts with news are decided."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import aiohttp

from voice_rollout.analysis import Analyst
from voice_rollout.api.names import CANDIDATE, STABLE, workload_name
from voice_rollout.clients.cluster import ApiError, Cluster
from voice_rollout.clients.gateways import Generations, told_by
from voice_rollout.clients.lease import Lease, NotLeadingError
from voice_rollout.decision.tally import Tally
from voice_rollout.observe import MANAGED, Object, World
from voice_rollout.reconcile import Look, Memory, Reconciler, Result
from voice_rollout.report import Reporter
from voice_rollout.retry import retry_after

TICK_SECONDS = 1.0
PROPAGATION_SECONDS = 0.05
"""Between looks while gateways have yet to acknowledge."""
DEAF_SECONDS = 30.0

log = logging.getLogger(__name__)


@dataclass
class _Known:
    """A rollout's memory, and what its last decision saw."""

    namespace: str
    memory: Memory = field(default_factory=Memory)
    result: Result | None = None
    seen: object = None
    due: datetime | None = None
    not_before: datetime | None = None
    """Whatever happens until then: the API server asked for patience, or others are writing, too."""
    failures: int = 0

    def has_news(self, seen: object, now: datetime) -> bool:
        """Something changed, or came due. After a failure, too, a change is looked at without delay."""
        if self.not_before is not None and now < self.not_before:
            return False
        return seen != self.seen or (self.due is not None and now >= self.due)

    def decided(self, result: Result, seen: object, now: datetime) -> None:
        """Nothing to do until something changes, or the result's own time has come."""
        self.seen, self.failures, self.not_before = seen, 0, None
        self.due = now + result.wake_after if result.wake_after else None

    def failed(self, seen: object, now: datetime, error: Exception) -> None:
        """Try again, later and later while nothing changes."""
        self.failures += 1
        retry = retry_after(error, self.failures)
        self.seen, self.not_before, self.due = seen, now + retry.patience, now + retry.delay

    @property
    def templates(self) -> dict[str, timedelta]:
        """Templates to ask for, and how often; none while nobody is on the candidate."""
        if self.result is None or self.result.rollout is None or self.result.status.point.is_off:
            return {}
        analysis = self.result.rollout.spec.analysis
        return {metric.template: analysis.interval for metric in analysis.metrics}

    @property
    def config_maps(self) -> list[str]:
        """ConfigMaps that the last decision read."""
        if self.result is None or self.result.rollout is None:
            return []
        spec = self.result.rollout.spec
        return [spec.flag.config_map, *spec.audience.allow_from, *spec.audience.deny_from]


class Loop:
    """Ticks while this replica leads."""

    def __init__(
        self,
        cluster: Cluster,
        namespaces: tuple[str, ...],
        lease: Lease,
        reconciler: Reconciler,
        reporter: Reporter,
        clock: Callable[[], datetime],
    ) -> None:
        self._cluster, self._namespaces, self._lease = cluster, namespaces, lease
        self._reconciler, self._reporter, self._clock = reconciler, reporter, clock
        self._known: dict[str, _Known] = {}
        self._tallies = {namespace: Tally() for namespace in namespaces}
        self._news = asyncio.Event()
        self._beat = _monotonic()

    def wake(self) -> None:
        """Something happened: look now instead of at the next tick."""
        self._news.set()

    @property
    def is_alive(self) -> bool:
        """The loop went round not long ago."""
        return _monotonic() - self._beat < DEAF_SECONDS

    async def run(self, analyst: Analyst, notice: Callable[[str, str], None]) -> None:
        """Tick for ever; `notice` is told the uid and version of every rollout read."""
        async with aiohttp.ClientSession() as session:
            while True:
                self._beat = _monotonic()
                self._news.clear()
                if self._lease.is_held:
                    for live in await self._tick(analyst, session):
                        notice(live["metadata"]["uid"], live["metadata"]["resourceVersion"])
                else:
                    self._known.clear()
                analyst.want(self._templates())
                await self._pause(self._until_next())

    def _until_next(self) -> float:
        """Seconds to the next tick: sooner when a hold or a breach comes due, or gateways have yet to switch."""
        if any(known.result is not None and known.result.propagating for known in self._known.values()):
            return PROPAGATION_SECONDS
        due = [(known.due - self._clock()).total_seconds() for known in self._known.values() if known.due]
        return max(PROPAGATION_SECONDS, min([TICK_SECONDS, *due]))

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            return

    async def _tick(self, analyst: Analyst, session: aiohttp.ClientSession) -> list[Object]:
        """Look at everything once; the rollouts that were read."""
        looks = (self._look_at(namespace, analyst, session) for namespace in self._namespaces)
        return [live for found in await asyncio.gather(*looks) for live in found]

    async def _look_at(
        self, namespace: str, analyst: Analyst, session: aiohttp.ClientSession
    ) -> list[Object]:
        """One namespace; whatever is slow or broken in it holds up no other."""
        try:
            world = await World.read(self._cluster, namespace)
            served, counts = await told_by(session, world.gateways)
        except ApiError as error:
            log.warning("namespace %s cannot be read: %s", namespace, error)
            return []
        self._tallies[namespace] = self._tallies[namespace].seen(self._clock(), counts)
        for live in world.rollouts:
            known = self._known.setdefault(live["metadata"]["uid"], _Known(namespace))
            await self._one(live, world, served, analyst, known)
        self._forget(namespace, {live["metadata"]["uid"] for live in world.rollouts})
        return world.rollouts

    async def _one(
        self, live: Object, world: World, served: Generations, analyst: Analyst, known: _Known
    ) -> None:
        """A rollout that fails is tried again later, and never holds up the others."""
        name, now, seen = live["metadata"]["name"], self._clock(), None
        try:
            seen = await self._signature(live, world, served, analyst, known)
            if not known.has_news(seen, now):
                return
            counted = partial(analyst.counted, tally=self._tallies[known.namespace])
            look = Look(world, served, analyst.readings, counted, analyst.templates, now)
            result = await self._reconciler.reconcile(live, look, known.memory)
            self._lease.check()
            await self._reporter.report(live, known.result, result)
        except NotLeadingError:
            log.warning("leadership lost while deciding %s: nothing more is written", name)
        except ApiError as error:
            known.failed(seen, self._clock(), error)
            log.log(logging.INFO if error.is_conflict else logging.WARNING, "%s: %s", name, error)
        except Exception as error:
            known.failed(seen, self._clock(), error)
            log.exception("%s: deciding failed; it is tried again", name)
        else:
            known.result = result
            if result.trouble is None:
                known.decided(result, seen, now)
            else:
                known.failed(seen, self._clock(), result.trouble)
                log.warning("%s: %s", name, result.trouble)

    async def _signature(
        self, live: Object, world: World, served: Generations, analyst: Analyst, known: _Known
    ) -> object:
        """Changes when anything does that a decision looks at, but for the time."""
        name = live["metadata"]["name"]
        config_maps = [await world.config_map(one) for one in known.config_maps]
        names = [workload_name(name, side) for side in (STABLE, CANDIDATE)]
        objects = [world.objects.get((kind, one)) for kind in MANAGED for one in names]
        versions = [_version(one) for one in (live, *config_maps, *objects)]
        return versions, served.of(name), analyst.latest(frozenset(known.templates))

    def _templates(self) -> dict[str, timedelta]:
        shortest: dict[str, timedelta] = {}
        for known in self._known.values():
            for template, every in known.templates.items():
                shortest[template] = min(every, shortest.get(template, every))
        return shortest

    def _forget(self, namespace: str, present: set[str]) -> None:
        """Rollouts that were deleted; a namespace that could not be read forgets nothing."""
        for uid in [uid for uid, known in self._known.items() if known.namespace == namespace]:
            if uid not in present and (gone := self._known.pop(uid).result):
                self._reporter.forget(gone)


def _monotonic() -> float:
    """For the beat: the time of day may be set back."""
    return asyncio.get_running_loop().time()


def _version(live: Object | None) -> str:
    return str(live["metadata"]["resourceVersion"]) if live else ""

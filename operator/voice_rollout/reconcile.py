"""One rollout, once: observe, decide, apply, record."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from voice_rollout.api.names import CANDIDATE, STABLE
from voice_rollout.api.status import HistoryEntry, RolloutState, Status
from voice_rollout.clients.cluster import ApiError
from voice_rollout.clients.gateways import Generations
from voice_rollout.decision.decide import decide
from voice_rollout.decision.judge import Measured, Reading
from voice_rollout.decision.model import Decision, Gateways, Rollout, Seen
from voice_rollout.decision.record import status_of, worth_writing
from voice_rollout.resources import flag as flags
from voice_rollout.resources.rollout import UnreadableError, problem_of, read_rollout, read_status

from .apply import Applied, Leadership, Writer
from .observe import Object, World

ROUNDS = 4
"""Decisions in one go: a recorded step is opened at once when its pods are ready."""
RECHECK = timedelta(seconds=10)
"""Whether what stands in the way of the workloads is still there."""


@dataclass
class Memory:
    """What one process remembers of a rollout between looks; losing it costs time, never truth."""

    written: Status | None = None
    """The status in the cluster that `status` grew from."""
    status: Status = field(default_factory=Status)
    written_at: datetime | None = None
    good_at: datetime | None = None
    committed_at: datetime | None = None
    """When the flag was last changed, until every gateway has it."""
    taken: str = ""
    """Why an object cannot be as decided, if one cannot: somebody else has its name, or it is refused."""
    applied: Applied = field(default_factory=Applied)


@dataclass(frozen=True)
class Look:
    """What is the same for every rollout of a namespace in one tick."""

    world: World
    generations: Generations
    readings: Callable[[Rollout], Mapping[str, Reading]]
    counted: Callable[[Rollout], Mapping[str, Measured]]
    templates: frozenset[str]
    now: datetime


@dataclass(frozen=True)
class Result:
    """What one look at a rollout came to."""

    status: Status
    rollout: Rollout | None = None
    moves: tuple[HistoryEntry, ...] = ()
    wake_after: timedelta | None = None
    propagating: bool = False
    """Some gateway has yet to acknowledge: look again soon."""
    trouble: ApiError | None = None
    """Why the workloads are not as decided, though everything else is."""


class Reconciler:
    """Takes rollouts one step further, whatever happened before."""

    def __init__(self, writer: Writer, lease: Leadership) -> None:
        self._writer, self._lease = writer, lease

    async def reconcile(self, live: Object, look: Look, memory: Memory) -> Result:
        """One look and what follows from it; ApiError or NotLeadingError end it half-way, and the next look goes on."""
        written = read_status(live)
        status = memory.status if memory.written == written else written
        try:
            rollout = read_rollout(live, status)
        except UnreadableError as error:
            return await self._refuse(live, status, str(error))
        work = _Work(self._writer, rollout, look, memory, live, written)
        await work.observe(self._lease.epoch)
        return await work.finish(await work.decide(status))

    async def _refuse(self, live: Object, status: Status, why: str) -> Result:
        """Nothing is touched: users stay where they are until the resource can be read."""
        said = status.model_copy(update={"state": RolloutState.INVALID, "message": why, "next": None})
        if (status.state, status.message) != (said.state, said.message):
            await self._writer.status(live, said)
        return Result(said)


class _Work:
    """The work on one rollout in one tick."""

    def __init__(
        self, writer: Writer, rollout: Rollout, look: Look, memory: Memory, live: Object, written: Status
    ) -> None:
        self._writer, self._rollout, self._look, self._memory = writer, rollout, look, memory
        self._live, self._written = live, written
        self._config_map: Object | None = None
        self._people = flags.People()
        self._seen = Seen(look.now)
        self._moves: tuple[HistoryEntry, ...] = ()
        self._writable = False
        self._trouble: ApiError | None = None

    async def observe(self, epoch: int) -> None:
        """Everything that the decision needs, read now."""
        rollout, look, world = self._rollout, self._look, self._look.world
        self._config_map = await world.config_map(rollout.spec.flag.config_map)
        self._people, lacking = await world.people(rollout)
        if lacking:
            self._people = flags.people_of(rollout, self._config_map)
        ours = frozenset(self._written.progress.legacy_keys)
        conflict = flags.conflict(rollout, self._config_map, ours)
        self._rollout = rollout = flags.leaving(rollout, conflict.foreign)
        self._writable = not conflict.forbids
        if self._writable:
            self._config_map = await self._writer.fence(rollout, self._config_map)
            world.remember_config_map(rollout.spec.flag.config_map, self._config_map)
        flag = flags.look(rollout, self._people, self._config_map)
        self._seen = Seen(
            now=look.now,
            epoch=epoch,
            stable=world.capacity(rollout, STABLE),
            candidate=world.capacity(rollout, CANDIDATE),
            flag=flag,
            gateways=self._gateways(flag.generation),
            readings=look.readings(rollout),
            counted=look.counted(rollout),
            good_at=self._memory.good_at,
            problem=conflict.problem
            or lacking
            or self._memory.taken
            or problem_of(rollout.spec, look.templates),
        )

    def _gateways(self, generation: int) -> Gateways:
        served = self._look.generations
        return Gateways(len(served.by_pod), served.acked(self._rollout.name, generation))

    async def decide(self, status: Status) -> Decision:
        """Decide and apply, until there is nothing more to do now."""
        rounds = 0
        while True:
            decision = decide(self._rollout, status, self._seen)
            self._moves += decision.moves
            committed = await self._apply(decision)
            self._memory.good_at = self._look.now if decision.clock_runs else None
            self._seen = replace(self._seen, good_at=self._memory.good_at)
            rounds += 1
            if rounds == ROUNDS or (decision.situation.status == status and not committed):
                return decision
            status = decision.situation.status

    async def _apply(self, decision: Decision) -> bool:
        """Rule R5: the intent, then the flag, then the pods; says whether the flag was changed."""
        await self._record_intent(decision)
        committed = await self._commit(decision)
        if self._trouble is None:
            await self._run(decision)
        return committed

    async def _run(self, decision: Decision) -> None:
        """An API server in trouble with pods keeps nobody from knowing where users are."""
        objects, applied = self._look.world.objects, self._memory.applied
        try:
            self._memory.taken = await self._writer.workloads(self._rollout, decision, applied, objects)
        except ApiError as error:
            if error.is_conflict:
                raise
            self._trouble = error

    async def _record_intent(self, decision: Decision) -> None:
        """Rule R5: what is about to be opened is written down before anything is done for it."""
        intent = decision.situation.progress.intent
        if intent is not None and intent != self._written.progress.intent:
            await self._save(status_of(decision, None))

    async def _commit(self, decision: Decision) -> bool:
        """Write the flag document where it does not say what was decided."""
        flag = self._seen.flag
        if (
            self._config_map is None
            or not self._writable
            or (flag.serves(decision.point) and flag.latch == decision.latch)
        ):
            return False
        people, name = self._people, self._rollout.spec.flag.config_map
        self._config_map = await self._writer.flag(
            self._rollout,
            people,
            decision.point,
            decision.latch,
            self._next_generation(decision),
            self._config_map,
        )
        self._look.world.remember_config_map(name, self._config_map)
        seen = flags.look(self._rollout, people, self._config_map)
        self._seen = replace(self._seen, flag=seen, gateways=self._gateways(seen.generation))
        self._memory.committed_at = self._look.now
        return True

    def _next_generation(self, decision: Decision) -> int:
        """Above what is written and above what any gateway serves: with both lost, none would take a lower one."""
        served = self._look.generations.latest(self._rollout.name)
        return max(self._seen.flag.generation, decision.situation.status.flag.generation, served) + 1

    async def finish(self, decision: Decision) -> Result:
        """Record the decision where it is worth a write."""
        status = status_of(decision, self._propagation())
        status = status.model_copy(update={"progress": self._with_keys(status)})
        age = self._look.now - (self._memory.written_at or self._look.now)
        if worth_writing(self._written, status, age):
            await self._save(status)
        self._memory.written, self._memory.status = self._written, status
        self._memory.written_at = self._memory.written_at or self._look.now
        return Result(
            status,
            self._rollout,
            self._moves,
            wake_after=min(decision.wake_after or RECHECK, RECHECK)
            if self._memory.taken
            else decision.wake_after,
            propagating=self._memory.committed_at is not None,
            trouble=self._trouble,
        )

    def _with_keys(self, status: Status) -> object:
        keys = tuple(sorted({*status.progress.legacy_keys, *self._rollout.spec.flag.legacy_keys.names()}))
        return status.progress.model_copy(update={"legacy_keys": keys}) if self._writable else status.progress

    def _propagation(self) -> float | None:
        """Seconds from the last commit to now, once, when the last gateway has it."""
        since = self._memory.committed_at
        if since is None or not self._seen.gateways.all_acked:
            return None
        self._memory.committed_at = None
        return round((self._look.now - since).total_seconds(), 3)

    async def _save(self, status: Status) -> None:
        self._live = await self._writer.status(self._live, status)
        self._written = read_status(self._live)
        self._memory.written_at = self._look.now

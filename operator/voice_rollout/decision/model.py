"""What a decision is made from, and what it consists of."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from voice_rollout.api.spec import Spec
from voice_rollout.api.status import HistoryEntry, Latch, Next, Point, Progress, RolloutState, Status, Wait

from .judge import Measured, Reading, Verdict
from .plan import Plan

HISTORY_LENGTH = 20


@dataclass(frozen=True)
class Capacity:
    """Pods of one variant as the cluster has them."""

    ready: int = 0
    applied: int = 0
    """Replicas asked for in the live Deployment."""
    rolled_out: bool = True
    """Every pod runs the wanted template."""


@dataclass(frozen=True)
class FlagSeen:
    """The flag document as it is in the cluster; no point where it is missing, bad or somebody else's."""

    generation: int = 0
    point: Point | None = None
    latch: Latch | None = None
    intact: bool = False
    """Exactly what this operator would write for its point."""
    epoch: int = 0

    def serves(self, point: Point) -> bool:
        """The document is whole and says this point."""
        return self.intact and self.point == point


@dataclass(frozen=True)
class Gateways:
    """Ready gateways, and how many of them serve the flag's latest generation."""

    pods: int = 0
    acked: int = 0

    @property
    def all_acked(self) -> bool:
        """Nobody there is nobody to wait for."""
        return self.acked >= self.pods


@dataclass(frozen=True)
class Seen:
    """Everything observed for one decision."""

    now: datetime
    epoch: int = 0
    stable: Capacity | None = None
    """None: the operator runs no pods for this side."""
    candidate: Capacity | None = None
    flag: FlagSeen = FlagSeen()
    gateways: Gateways = Gateways()
    readings: Mapping[str, Reading] = field(default_factory=dict)
    counted: Mapping[str, Measured] = field(default_factory=dict)
    """What the gateways themselves counted, of the metrics for which they can."""
    good_at: datetime | None = None
    """When the hold clock was last seen running by this process."""
    problem: str = ""
    """What keeps the rollout from going up until a person mends it: a name that is taken, a list that is missing."""


@dataclass(frozen=True)
class Rollout:
    """One resource, read."""

    namespace: str
    name: str
    uid: str
    generation: int
    spec: Spec
    plan: Plan
    spec_hash: str
    candidate_hash: str
    salt: str


@dataclass(frozen=True)
class Situation:
    """A rollout, what its status says, what is seen, and the verdicts: all that a rule may look at."""

    rollout: Rollout
    status: Status
    seen: Seen
    verdicts: tuple[Verdict, ...] = ()

    @property
    def progress(self) -> Progress:
        """What is carried from decision to decision."""
        return self.status.progress

    @property
    def point(self) -> Point:
        """Where users are."""
        return self.status.point

    def with_progress(self, **changes: object) -> "Situation":
        """The same situation with some of the progress replaced."""
        progress = self.progress.model_copy(update=changes)
        return replace(self, status=self.status.model_copy(update={"progress": progress}))

    def with_status(self, **changes: object) -> "Situation":
        """The same situation with some of the status replaced."""
        return replace(self, status=self.status.model_copy(update=changes))

    def moved(self, to: Point, why: str, evidence: str = "") -> "Situation":
        """The users moved to another point: the hold starts anew and the move is remembered.

        People who come back to a candidate that was left before must not be judged by what happened then.
        """
        entry = HistoryEntry(at=self.seen.now, from_=str(self.point), to=str(to), why=why, evidence=evidence)
        moved = self.with_status(
            phase=to.phase,
            percentage=to.percentage,
            history=(*self.status.history, entry)[-HISTORY_LENGTH:],
        )
        unclocked = replace(moved, seen=replace(self.seen, good_at=None))
        again = self.point.is_off and not to.is_off and bool(self.status.history)
        start = self.seen.now if again else self.progress.evidence_from
        return unclocked.with_progress(intent=None, held_seconds=0.0, blind_since=None, evidence_from=start)


@dataclass(frozen=True)
class Outlook:
    """Where a rollout stands, in words: what the status says besides the numbers."""

    state: RolloutState
    message: str
    next: Next | None = None
    stalled: bool = False

    @property
    def waiting_for(self) -> tuple[Wait, ...]:
        """What the next move waits for."""
        return tuple(self.next.waiting_for) if self.next else ()


@dataclass(frozen=True)
class Decision:
    """What to do now. `status` already says so; `moves` are the users' moves in it that are new."""

    situation: Situation
    outlook: Outlook
    stable_replicas: int | None
    candidate_replicas: int | None
    moves: tuple[HistoryEntry, ...] = ()
    clock_runs: bool = False
    """The hold clock runs from this moment until the next decision."""
    wake_after: timedelta | None = None
    """Decide again after this long even if nothing happens."""

    @property
    def point(self) -> Point:
        """What the flag document must say."""
        return self.situation.point

    @property
    def latch(self) -> Latch | None:
        """The rollback that holds, if any."""
        return self.situation.progress.latch

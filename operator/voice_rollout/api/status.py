"""What the operator says: `status` of a VoiceRollout.

Everything the next decision needs is in here (`progress`), so a restarted operator goes on where the last one stopped.
"""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field, PlainSerializer, WithJsonSchema

from .names import DISABLED
from .part import Part
from .quantities import Percentage
from .spec import Level

Time = Annotated[
    datetime,
    PlainSerializer(lambda at: at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class RolloutState(StrEnum):
    """Where a rollout is, in one word."""

    DISABLED = "Disabled"
    STARTING = "Starting"
    HOLDING = "Holding"
    PAUSED = "Paused"
    ROLLING_BACK = "RollingBack"
    ROLLED_BACK = "RolledBack"
    COMPLETE = "Complete"
    INVALID = "Invalid"


class Wait(StrEnum):
    """What the next move waits for."""

    HOLD = "hold"
    CAPACITY = "capacity"
    METRICS = "metrics"
    PROPAGATION = "propagation"
    PAUSE = "pause"


class VerdictKind(StrEnum):
    """Judgement of one metric; no data is never Bad and never Good."""

    GOOD = "Good"
    BAD = "Bad"
    INCONCLUSIVE = "Inconclusive"
    ERROR = "Error"


class Point(Part):
    """Where users are: a phase and a share in percent. Nobody: phase `disabled`, share 0."""

    phase: str = DISABLED
    percentage: Percentage = Decimal(0)

    @property
    def is_off(self) -> bool:
        """Nobody gets the candidate, allow list included."""
        return self.phase == DISABLED

    def __str__(self) -> str:
        return DISABLED if self.is_off else f"{self.phase} {self.percentage:f} %"


class Latch(Part):
    """A rollback that holds until the spec changes."""

    level: Level
    reason: str
    at: Time
    spec_hash: str


class Next(Part):
    """The next move and what it waits for."""

    phase: str
    percentage: Percentage
    at: Time | None = None
    """Earliest time, when only the hold is left."""
    waiting_for: tuple[Wait, ...] = ()
    summary: str = ""
    """The same in a few words, for the table of `kubectl get`."""


class FlagStatus(Part):
    """The flag document's way to the gateways."""

    generation: int = 0
    acked_pods: int = 0
    pods: int = 0
    propagation_seconds: float | None = None
    """From the commit to the last gateway's acknowledgement."""


class MetricStatus(Part):
    """The last verdict of a metric that changed something; `at` says when."""

    name: str
    verdict: VerdictKind
    reason: str
    candidate: float | None = None
    stable: float | None = None
    samples: int | None = None
    at: Time | None = None


class Pods(Part):
    """Pods of one variant."""

    ready: int = 0
    wanted: int = 0


class Workloads(Part):
    """Pods of both variants; absent where the operator runs none."""

    stable: Pods | None = None
    candidate: Pods | None = None


class HistoryEntry(Part):
    """One move of the users."""

    at: Time
    from_: Annotated[str, Field(alias="from")]
    to: str
    why: str
    evidence: str = ""
    who: str = "operator"


class Condition(Part):
    """A condition as kstatus, Argo CD and Flux read it."""

    type: str
    status: Annotated[str, Field(json_schema_extra={"enum": ["True", "False", "Unknown"]})]
    reason: str
    message: str = ""
    last_transition_time: Time
    observed_generation: int = 0


class Progress(Part):
    """What a restarted operator needs to go on."""

    spec_hash: str = ""
    """Of the plan that hold, breaches and latch belong to."""
    candidate_hash: str = ""
    """Of the candidate's workload; another one starts the evidence anew."""
    salt: str = ""
    """Pinned with the first flag document."""
    epoch: int = 0
    """Transitions of the operator's Lease: a writer never overwrites a larger one."""
    intent: Point | None = None
    """The point being opened: recorded before anything is done for it."""
    held_seconds: float = 0.0
    """Good time served at this point."""
    evidence_from: Time | None = None
    """Readings that reach further back tell of another candidate or of a rolled back share."""
    blind_since: Time | None = None
    """Since when a metric that must be good has given no verdict."""
    breached_since: dict[str, Time] = Field(default_factory=dict)
    """Metrics in continuous breach, and since when."""
    rolled_back_at: tuple[Time, ...] = ()
    """Rollbacks inside the cooldown."""
    latch: Latch | None = None
    legacy_keys: tuple[str, ...] = ()
    """Flat keys that this rollout has written."""


class Status(Part):
    """The whole status."""

    observed_generation: int = 0
    state: RolloutState = RolloutState.DISABLED
    phase: str = DISABLED
    percentage: Percentage = Decimal(0)
    step: str = ""
    message: str = ""
    next: Next | None = None
    flag: FlagStatus = FlagStatus()
    metrics: tuple[MetricStatus, ...] = ()
    workloads: Workloads = Workloads()
    rollbacks: int = 0
    history: tuple[HistoryEntry, ...] = ()
    conditions: tuple[Condition, ...] = ()
    progress: Progress = Progress()

    @property
    def point(self) -> Point:
        """Where users are."""
        return Point(phase=self.phase, percentage=self.percentage)

    def to_dict(self) -> dict[str, object]:
        """As written to the API server: camelCase, absent where there is nothing to say."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

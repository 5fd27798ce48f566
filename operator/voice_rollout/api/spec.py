"""What a person declares: `spec` of a VoiceRollout, with every rule that needs no cluster state.

A field's docstring is its `kubectl explain` text; rules across fields are CEL, enforced by the API server itself.
"""

from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints, model_validator

from .names import DISABLED
from .part import Part, with_rules
from .quantities import AtLeastASecond, ConfigKey, Duration, FlagName, Name, Percentage, UserId, rule, rules
from .workload import Variant


class Advance(StrEnum):
    """How the declared point is reached."""

    AUTOMATIC = "Automatic"
    MANUAL = "Manual"


class Level(StrEnum):
    """How far back a rollback takes the users, mildest first."""

    REDUCE_PERCENTAGE = "ReducePercentage"
    PREVIOUS_PHASE = "PreviousPhase"
    DISABLE = "Disable"


class OnNoData(StrEnum):
    """What happens when no verdict was possible for `stallAfter`."""

    HOLD = "Hold"
    ROLLBACK = "Rollback"


class LegacyKeys(Part):
    """Flat keys for readers that know only environment-style flags, written in the same update."""

    model_config = with_rules(
        rule(
            "[has(self.enabled) ? self.enabled : '', has(self.phase) ? self.phase : '',"
            " has(self.percentage) ? self.percentage : ''].all(k, !k.endsWith('.flag.json'))",
            "names a key that ends with .flag.json, where flag documents live: choose another key",
        ),
        rule(
            "(!has(self.enabled) || !has(self.phase) || self.enabled != self.phase)"
            " && (!has(self.enabled) || !has(self.percentage) || self.enabled != self.percentage)"
            " && (!has(self.phase) || !has(self.percentage) || self.phase != self.percentage)",
            "names one key twice: give each value its own",
        ),
    )

    enabled: ConfigKey | None = None
    """Key that gets "true" or "false"."""
    phase: ConfigKey | None = None
    """Key that gets the phase's name, or "disabled"."""
    percentage: ConfigKey | None = None
    """Key that gets the share in percent."""

    def names(self) -> tuple[str, ...]:
        """Every key that is written."""
        return tuple(key for key in (self.enabled, self.phase, self.percentage) if key)


class Flag(Part):
    """Where the flag lives and how users are dealt into buckets."""

    model_config = with_rules(
        rule(
            "has(self.salt) == has(oldSelf.salt) && (!has(self.salt) || self.salt == oldSelf.salt)",
            "salt cannot change, it would reshuffle every user: keep it, or create a new VoiceRollout",
        ),
        rule(
            "self.configMap == oldSelf.configMap",
            "configMap cannot change while users are read from it: keep it, or create a new VoiceRollout",
        ),
    )

    name: FlagName
    """The flag that programs ask for."""
    config_map: Name = "voice-flags"
    """ConfigMap in the same namespace; created when missing, keys of others untouched."""
    salt: Annotated[str, StringConstraints(min_length=1, max_length=128)] | None = None
    """Deals users into buckets. Default `<namespace>/<name>/1`."""
    requires: Annotated[list[FlagName], Field(max_length=8)] = []
    """Other flags of the same ConfigMap that must be on for the user."""
    legacy_keys: LegacyKeys = LegacyKeys()


class Audience(Part):
    """People named one by one. Deny beats allow; both beat the share."""

    allow: Annotated[list[UserId], Field(max_length=5000)] = []
    """Users who always get the candidate while the flag is on."""
    deny: Annotated[list[UserId], Field(max_length=5000)] = []
    """Users who never get the candidate."""
    allow_from: Annotated[list[Name], Field(max_length=8)] = []
    """ConfigMaps with long allow lists, one id a line in every key."""
    deny_from: Annotated[list[Name], Field(max_length=8)] = []
    """ConfigMaps with long deny lists, one id a line in every key."""


class Step(Part):
    """A share of the users, and how long everything must be good before the next one."""

    percentage: Percentage
    hold: AtLeastASecond


class Phase(Part):
    """A part of the plan; shares rise inside it."""

    model_config = with_rules(
        rule(
            f"self.name != '{DISABLED}'", f"{DISABLED} is not a phase, it means nobody: choose another name"
        ),
        rule(
            "self.steps.map(s, s.percentage).isSorted() && "
            "self.steps.all(s, self.steps.exists_one(t, t.percentage == s.percentage))",
            says="'percentages of phase ' + self.name + ' do not rise: write each step above the one before it'",
        ),
    )

    name: Name
    steps: Annotated[list[Step], Field(min_length=1, max_length=24)]


class Bound(Part):
    """A limit: `max` for figures that should stay low, `min` for those that should stay high."""

    max: float | None = None
    min: float | None = None
    by_phase: Annotated[dict[str, float], Field(max_length=16)] = {}
    """Another value of the same limit in some phases."""

    def limit(self, phase: str) -> float:
        """The value in force in a phase."""
        general = self.max if self.max is not None else self.min
        return self.by_phase.get(phase, general if general is not None else 0.0)


class RollbackBound(Part):
    """The limit whose breach takes users back."""

    max: float | None = None
    min: float | None = None
    for_: Annotated[Duration, Field(alias="for")] = timedelta(0)
    """Time in continuous breach before acting."""
    level: Level = Level.DISABLE


_ONE_SIDED = "has(self.max) != has(self.min)"
_ONE_SIDED_MESSAGE = "needs exactly one of max and min"


class Metric(Part):
    """One figure that decides: `promote` must hold to leave a step, a breach of `rollback` takes users back."""

    model_config = with_rules(
        rule(
            "has(self.promote) || has(self.rollback)",
            says="'metric ' + self.name + ' decides nothing: write a promote or a rollback bound'",
        ),
        rule(
            "!has(self.promote) || !has(self.rollback) || has(self.promote.max) == has(self.rollback.max)",
            says="'metric ' + self.name + ' has a max and a min: write both bounds the same way'",
        ),
        rule(
            "!has(self.promote) || !has(self.rollback) || !has(self.promote.max) || !has(self.rollback.max) || "
            "(self.promote.max <= self.rollback.max && (!has(self.promote.byPhase) || "
            "self.promote.byPhase.all(p, self.promote.byPhase[p] <= self.rollback.max)))",
            says="'metric ' + self.name + ' would promote above its rollback bound: write promote <= rollback.max'",
        ),
        rule(
            "!has(self.promote) || !has(self.rollback) || !has(self.promote.min) || !has(self.rollback.min) || "
            "(self.promote.min >= self.rollback.min && (!has(self.promote.byPhase) || "
            "self.promote.byPhase.all(p, self.promote.byPhase[p] >= self.rollback.min)))",
            says="'metric ' + self.name + ' would promote below its rollback bound: write promote >= rollback.min'",
        ),
    )

    name: Name
    template: Name
    """A template of the built-in catalogue or of the platform's own."""
    promote: Annotated[Bound, Field(json_schema_extra=rules(rule(_ONE_SIDED, _ONE_SIDED_MESSAGE)))] | None = (
        None
    )
    rollback: (
        Annotated[RollbackBound, Field(json_schema_extra=rules(rule(_ONE_SIDED, _ONE_SIDED_MESSAGE)))] | None
    ) = None


class Analysis(Part):
    """How the candidate is judged."""

    interval: AtLeastASecond = timedelta(seconds=10)
    min_samples: Annotated[int, Field(ge=1, le=1_000_000)] = 50
    """Fewer requests than this in the template's window: no verdict."""
    on_no_data: OnNoData = OnNoData.HOLD
    stall_after: AtLeastASecond = timedelta(minutes=15)
    metrics: Annotated[list[Metric], Field(max_length=24)] = []


class RollbackPolicy(Part):
    """What happens when breaches repeat."""

    cooldown: Duration = timedelta(minutes=10)
    escalate_after: Annotated[int, Field(ge=1, le=100)] = 3
    """This many rollbacks inside the cooldown, and the next goes one level further."""


_NAMES_DIFFER = "self.{0}.all(a, self.{0}.exists_one(b, b.name == a.name))"


class Spec(Part):
    """The plan, and how far it may go."""

    model_config = with_rules(
        rule(
            f"self.phase == '{DISABLED}' || self.phases.exists(p, p.name == self.phase)",
            says=f"'phase ' + self.phase + ' is not in the plan: write {DISABLED} or a name from spec.phases'",
        ),
        rule(_NAMES_DIFFER.format("phases"), "two phases have the same name: give each its own"),
        rule(
            _NAMES_DIFFER.format("analysis.metrics"),
            "two metrics have the same name: give each its own",
        ),
        rule(
            "self.analysis.metrics.all(m, !has(m.promote) || "
            "!has(m.promote.byPhase) || m.promote.byPhase.all(k, self.phases.exists(p, p.name == k)))",
            "a byPhase bound names a phase that is not in the plan: write a name from spec.phases",
        ),
        rule(
            "self.stable.name != self.candidate.name",
            "stable and candidate have the same name: give each its own",
        ),
        rule(
            "has(self.stable.workload) || has(self.stable.service) || !has(self.candidate.workload)",
            "stable has neither workload nor service, so nobody could be taken back: name one",
        ),
    )

    phase: Annotated[str, StringConstraints(max_length=63)]
    """"disabled" or a name from `phases`: how far this rollout may go."""
    percentage: Percentage = Decimal(100)
    """The largest share that the candidate may ever serve."""
    advance: Advance = Advance.AUTOMATIC
    """Automatic climbs the steps; Manual goes straight to the declared point, guards on."""
    paused: bool = False
    """Stops the climb, never a rollback."""
    flag: Flag
    audience: Audience = Audience()
    stable: Variant
    candidate: Variant
    phases: Annotated[list[Phase], Field(min_length=1, max_length=16)]
    analysis: Analysis = Analysis()
    rollback: RollbackPolicy = RollbackPolicy()

    @model_validator(mode="after")
    def _phase_is_planned(self) -> Self:
        if self.phase != DISABLED and self.phase not in self.phase_names:
            planned = ", ".join(self.phase_names)
            raise ValueError(f"phase {self.phase} is not in the plan: write {DISABLED} or one of {planned}")
        return self

    @property
    def phase_names(self) -> tuple[str, ...]:
        """The plan's phases in order."""
        return tuple(phase.name for phase in self.phases)

    def variant(self, side: str) -> Variant:
        """The variant called `stable` or `candidate`."""
        return self.stable if side == "stable" else self.candidate


def parse_spec(document: dict[str, Any]) -> Spec:
    """Read `spec` of a resource; raises pydantic's ValidationError naming the field."""
    return Spec.model_validate(document)

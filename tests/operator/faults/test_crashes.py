"""Rule R7: the operator is killed before and after each of its writes, and nobody can tell afterwards."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from signal import SIGKILL
from typing import Any

import pytest

from support.faultproxy import LostError, Write
from support.flag_history import Place
from support.kube import DEPLOYMENTS, Object
from support.manifests import a_spec, a_workload
from support.prometheus_stub import BAD, GOOD
from support.stage import GENEROUS, Stage, Theatre, eventually

AT_ONCE = 6
"""Stories that run side by side: each mostly waits for its holds."""
PATIENT = 300.0
"""Seconds for a story, of which it takes fifteen on an idle machine that tells no other."""
DECLARED = 60
WELL = {(condition, "True") for condition in ("CapacityReady", "FlagsPropagated", "MetricsHealthy")}
MASKED = frozenset(
    {
        *("at", "lastTransitionTime", "evidence", "epoch", "heldSeconds", "propagationSeconds", "metrics"),
        "evidenceFrom",  # forgotten when it is old
    }
)
"""Times, and what was measured at them."""
CLOCK = re.compile(r"(\d{4}-\d\d-\d\dT)?\d\d:\d\d:\d\d(\.\d+)?")


class Moment(StrEnum):
    BEFORE = "before"
    AFTER = "after"


@dataclass
class Killer:
    """Kills the operator once, at the number-th write from when it is armed; never for number 0."""

    number: int
    moment: Moment
    armed_at: int | None = None
    victim: str = ""

    def watch(self, stage: Stage) -> None:
        self._stage = stage
        stage.proxy.before, stage.proxy.after = self._before, self._after

    def arm(self) -> None:
        self.armed_at = len(self._stage.proxy.writes)

    async def _before(self, write: Write) -> None:
        if self.moment is Moment.BEFORE:
            self._strike(write)

    async def _after(self, write: Write) -> None:
        if self.moment is Moment.AFTER:
            self._strike(write)

    def _strike(self, write: Write) -> None:
        due = self.armed_at is not None and write.number == self.armed_at + self.number
        if due and not write.is_lease:
            self.victim = write.what
            self._stage.operator.send(SIGKILL)
            raise LostError


Story = Callable[[Stage, Killer], Awaitable[None]]


async def climb(stage: Stage, killer: Killer) -> None:
    """Up to the declared point, which cuts the last step."""
    killer.arm()
    await stage.create(a_spec(percentage=DECLARED))
    await stage.start()
    await stage.until(state="Complete", within=PATIENT)


async def roll_back(stage: Stage, killer: Killer) -> None:
    """From 25 % of beta, which alone is bad, back to alpha, with fewer pods; told until alpha is found good."""
    wide = {"name": "f5-tts", "workload": a_workload(replicas={"min": 1, "max": 8})}
    steps = [{"percentage": 10, "hold": "1s"}, {"percentage": 25, "hold": "1h"}]
    phases = [{"name": "alpha", "steps": steps[:1]}, {"name": "beta", "steps": steps}]
    await stage.create(a_spec(phase="beta", percentage=DECLARED, phases=phases, candidate=wide))
    await stage.start()
    await stage.until(
        percentage=25, state="Holding", flag=lambda flag: flag["ackedPods"] == 1, within=PATIENT
    )
    await stage.quiet()
    killer.arm()
    stage.measure(BAD)
    await stage.history(lambda flags: flags.places[-1].phase == "alpha")
    stage.measure(GOOD)
    await stage.until(state="RolledBack", conditions=_metrics_are_healthy, within=PATIENT)


def _metrics_are_healthy(conditions: list[Object] | None) -> bool:
    return ("MetricsHealthy", "True") in {(one["type"], one["status"]) for one in conditions or []}


@dataclass(frozen=True)
class End:
    """What is left when a story is over, without what must differ."""

    places: list[Place]
    status: Any
    document: Any
    deployments: Any

    @property
    def is_well(self) -> bool:
        """Nothing is amiss: no gateway is late with its answer, no metric without a verdict."""
        return {(one["type"], one["status"]) for one in self.status["conditions"]} >= WELL

    @classmethod
    async def of(cls, stage: Stage) -> "End":
        listed = await stage.kube.get(DEPLOYMENTS.format(stage.namespace))
        made = {
            one["metadata"]["name"]: (one["metadata"]["generation"], one["spec"]) for one in listed["items"]
        }
        document = {**await stage.document(), "salt": ""}
        return cls(stage.flags.places, *(_masked(it, stage) for it in (await stage.status(), document, made)))


def _masked(value: Any, stage: Stage) -> Any:
    match value:
        case dict():
            return {key: _masked(one, stage) for key, one in value.items() if key not in MASKED}
        case list() | tuple():
            return [_masked(one, stage) for one in value]
        case str():
            return CLOCK.sub("hh:mm:ss", value).replace(stage.namespace, "namespace")
        case _:
            return value


def differences(one: Any, other: Any, where: str = "") -> list[str]:
    """Where two ends differ, by path."""
    match one, other:
        case End(), End():
            return differences(vars(one), vars(other))
        case dict(), dict():
            return [
                found
                for key in sorted(one.keys() | other.keys())
                for found in differences(one.get(key), other.get(key), f"{where}.{key}")
            ]
        case list(), list() if len(one) == len(other):
            pairs = enumerate(zip(one, other, strict=True))
            return [found for at, pair in pairs for found in differences(*pair, f"{where}[{at}]")]
        case _:
            return [] if one == other else [f"{where}: {one!r} became {other!r}"]


async def told(theatre: Theatre, story: Story, killer: Killer, like: End | None = None) -> tuple[End, int]:
    """A story's end, once it is well, or `like` that one; and the number of writes from where the killer was armed."""
    async with theatre.stage() as stage:
        await stage.gateway()
        killer.watch(stage)
        await story(stage, killer)
        await stage.looked()
        await stage.quiet()
        end = await _end(stage, killer, like)
        return end, len(stage.proxy.writes) - (killer.armed_at or 0)


async def _end(stage: Stage, killer: Killer, like: End | None) -> End:
    async def reached() -> End | None:
        end = await End.of(stage)
        is_it = end.is_well if like is None else not differences(like, end)
        return end if is_it else None

    async def otherwise() -> str:
        end = await End.of(stage)
        different = differences(like or end, end)
        return f"killed {killer.moment} write {killer.number}, {killer.victim}: {different}, {end.status}"

    found: End = await eventually(reached, GENEROUS, otherwise)
    return found


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize(
    ("story", "places"),
    [
        (climb, "disabled 0, alpha 10, beta 10, beta 25, beta 50, ga 60"),
        (roll_back, "disabled 0, alpha 10, beta 10, beta 25, alpha 10"),
    ],
    ids=["climb", "rollback"],
)
async def test_a_crash_at_any_write_changes_neither_the_end_nor_the_way(
    theatre: Theatre, story: Story, places: str, moment: Moment
) -> None:
    undisturbed, writes = await told(theatre, story, Killer(0, moment))
    assert ", ".join(f"{phase} {share:g}" for phase, share in undisturbed.places) == places
    turns = asyncio.Semaphore(AT_ONCE)

    async def disturbed(killer: Killer) -> None:
        async with turns:
            _, written = await told(theatre, story, killer, like=undisturbed)
        assert killer.victim or written < killer.number, (
            "a crash never came, though the story writes as often"
        )

    await asyncio.gather(*(disturbed(Killer(number, moment)) for number in range(1, writes + 1)))

"""The real reconciler on a cluster in memory, with an observer that knows the rules and trusts nobody's books.

Time passes only in `advance`, with everything as it is; so the observer can measure for itself how long things were
good, and check each write of the operator against that.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from support.memory_cluster import Crash, MemoryCluster, Object
from support.rollouts import NOW, OFF, a_resource, seconds
from voice_flags import Document
from voice_rollout.api.names import flag_key
from voice_rollout.api.status import Point, Status
from voice_rollout.apply import Writer
from voice_rollout.clients.cluster import ApiError, Cluster
from voice_rollout.clients.gateways import Generations
from voice_rollout.decision.judge import Failed, Measured, Reading
from voice_rollout.decision.model import Rollout
from voice_rollout.decision.plan import replicas_for
from voice_rollout.observe import World
from voice_rollout.reconcile import Look, Memory, Reconciler
from voice_rollout.resources.rollout import read_rollout, read_status
from voice_rollout.resources.workload import EngineImages

T = TypeVar("T")

NAME, FLAGS = "f5-tts", "voice-flags"
FIGURES: dict[str, float | None] = {
    "good": 0.001,
    "poor": 0.03,
    "bad": 0.1,
    "dreadful": 0.9,
    "nan": float("nan"),
    "infinite": float("inf"),
    "none": None,
}
TICK = seconds(1)
CALM = 8
"""Looks without a write after which nothing more will come: longer than the longest hold."""


def run(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that waits for nothing, since all it talks to is in memory."""
    try:
        work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    raise AssertionError("it waits for something")


class Leading:
    """A lease that nobody contests."""

    epoch = 1

    @property
    def identity(self) -> str:
        return "operator"

    def outranked(self, epoch: int) -> None:
        """Nobody else ever leads."""
        raise AssertionError(f"epoch {epoch} comes from nowhere")

    def check(self) -> None:
        """Always held."""


@dataclass
class Observer:
    """What users saw, and what was really so."""

    point: Point = OFF
    """What the operator last committed."""
    generation: int = 0
    point_since: int = 0
    """The generation that brought users here."""
    served: timedelta = timedelta(0)
    """Time at this point in which everything was good."""
    latched: str = ""
    """Hash of the spec under which users were taken back, until the operator has seen another one."""
    recorded: Point = OFF
    """The last place in the status that no rollback has followed."""
    shares: list[str] = field(default_factory=list)
    """Every place where users were, in order."""


class Simulation:
    """One rollout, two gateways, and pods that do as they are told when they are told."""

    def __init__(self, **spec: Any) -> None:
        self.cluster = MemoryCluster("voice")
        self.cluster.put(a_resource(NAME, **spec))
        self.cluster.watch = self._check
        self.now: datetime = NOW
        self.figure = "good"
        self.answers = True
        self.gateways = {"one": -1, "two": -1}
        self.observer = Observer()
        self._read: tuple[Object, Rollout] | None = None
        self.restart()

    # What the world does

    def restart(self) -> None:
        """A new process, which remembers nothing."""
        self.memory = Memory()
        self.reconciler = Reconciler(
            Writer(cast("Cluster", self.cluster), Leading(), EngineImages({"espeak": "engine"})), Leading()
        )

    def edit(self, **changes: Any) -> None:
        """A person changes the spec."""
        live = self.cluster.objects["VoiceRollout", NAME]
        if live["spec"] != live["spec"] | changes:
            metadata = {**live["metadata"], "generation": live["metadata"]["generation"] + 1}
            self.cluster.put({**live, "metadata": metadata, "spec": live["spec"] | changes})

    def edit_flag(self, change: Callable[[Object], None]) -> None:
        """Somebody writes the flag document by hand."""
        live = self.cluster.objects.get(("ConfigMap", FLAGS))
        if live is not None:
            data = dict(live.get("data", {}))
            change(data)
            self.cluster.put({**live, "data": data})

    def acknowledge(self, gateway: str) -> None:
        """A gateway reads its flags."""
        self.gateways[gateway] = self.observer.generation

    def settle_pods(self, *, ready: bool = True) -> None:
        """Every Deployment rolls out what it was asked for; its pods get ready, or all fail."""
        for (kind, _), live in list(self.cluster.objects.items()):
            if kind == "Deployment":
                wanted = live["spec"]["replicas"]
                status = {
                    "observedGeneration": live["metadata"]["generation"],
                    "replicas": wanted,
                    "updatedReplicas": wanted,
                    "readyReplicas": wanted if ready else 0,
                }
                if status != live.get("status"):
                    self.cluster.put({**live, "status": status})

    def advance(self, by: timedelta = TICK) -> None:
        """Time passes, with everything as it is."""
        if self.is_good():
            self.observer.served += by
        self.now += by

    def tick(self) -> bool:
        """The operator looks once; says whether it lived through it."""
        try:
            run(self._look())
        except Crash:
            self.restart()
            return False
        except ApiError:
            return False
        if self.observer.latched and self.rollout().spec_hash != self.observer.latched:
            self.observer.latched = ""
        return True

    async def _look(self) -> None:
        world = await World.read(cast("Cluster", self.cluster), "voice")
        served = Generations({name: {NAME: generation} for name, generation in self.gateways.items()})
        look = Look(
            world, served, self.readings, lambda _: {}, frozenset({"error-rate", "crashes"}), self.now
        )
        await self.reconciler.reconcile(self.cluster.objects["VoiceRollout", NAME], look, self.memory)

    def readings(self, rollout: Rollout) -> dict[str, Reading]:
        """The same answer for every metric."""
        names = [metric.name for metric in rollout.spec.analysis.metrics]
        if not self.answers:
            return dict.fromkeys(names, Failed(self.now, "Prometheus: cannot be reached"))
        figure = FIGURES[self.figure]
        return dict.fromkeys(names, Measured(self.now, seconds(5), figure, figure, samples=500.0))

    # What is so

    def rollout(self) -> Rollout:
        """The resource as it is now."""
        live = self.cluster.objects["VoiceRollout", NAME]
        if self._read is None or self._read[0] is not live["spec"]:
            self._read = live["spec"], read_rollout(live, Status())
        return self._read[1]

    def status(self) -> Status:
        """The status as last written."""
        return read_status(self.cluster.objects["VoiceRollout", NAME])

    def is_good(self) -> bool:
        """Whether a hold may count this moment."""
        acknowledged = all(served >= self.observer.generation for served in self.gateways.values())
        paused = self.cluster.objects["VoiceRollout", NAME]["spec"].get("paused", False)
        good = self.answers and self.figure == "good"
        return acknowledged and good and not paused and not self.observer.point.is_off

    # What must be so

    def _check(self, before: Object | None, after: Object) -> None:
        match after["kind"]:
            case "ConfigMap" if flag_key(NAME) in after.get("data", {}):
                self._check_flag(Document.parse(after["data"][flag_key(NAME)]))
            case "Deployment":
                self._check_pods(before, after)
            case "VoiceRollout":
                self.observer.recorded = read_status(after).point
            case _:
                pass

    def _check_flag(self, document: Document) -> None:
        observer, rollout = self.observer, self.rollout()
        to = Point(phase=document.phase, percentage=document.percentage) if document.on else OFF
        served = max(self.gateways.values())
        assert document.generation > served, "a gateway that has it already would not look again"
        assert to.percentage <= rollout.spec.percentage, "R1: never more than declared"
        assert to == rollout.plan.capped(to), "R1: never further than declared"
        if _is_up(rollout, observer.point, to) and to != observer.recorded:
            self._check_rise(rollout, to)
        latch = self._latch_of_flag()
        if to != observer.point:
            observer.served, observer.point_since = timedelta(0), document.generation
            observer.shares.append(str(to))
        if latch:
            observer.latched, observer.recorded = latch, to
        observer.point, observer.generation = to, document.generation

    def _check_rise(self, rollout: Rollout, to: Point) -> None:
        observer = self.observer
        assert observer.latched != rollout.spec_hash, "R3: back until the spec changes"
        assert self.status().progress.intent == to, "R5: the intent is recorded first"
        step, rung = rollout.plan.after(observer.point), rollout.plan.at(observer.point)
        assert step is not None
        assert step.point == to, "R7: no step is skipped"
        assert self._ready("candidate") >= replicas_for(rollout.spec.candidate.workload, to), (
            "R5: capacity first"
        )
        assert self._ready("stable") > 0
        if rung is not None:
            assert observer.served >= rung.hold, "R1: the hold is served"
            assert self.is_good(), "R1: all is good, and acknowledged"

    def _check_pods(self, before: Object | None, after: Object) -> None:
        if not after["metadata"]["name"].endswith("-candidate"):
            return
        rollout, wanted = self.rollout(), after["spec"]["replicas"]
        served = replicas_for(rollout.spec.candidate.workload, self.observer.point)
        assert wanted >= served, "R5: those who are served keep their pods"
        if before is not None and wanted < before["spec"]["replicas"]:
            switched = all(generation >= self.observer.point_since for generation in self.gateways.values())
            assert switched, "R5: pods go when every gateway has switched"
        if wanted > max(served, before["spec"]["replicas"] if before else 0):
            assert self.status().progress.intent is not None, "R5: the intent is recorded first"

    def _ready(self, side: str) -> int:
        live = self.cluster.objects.get(("Deployment", f"{NAME}-{side}"), {})
        return int(live.get("status", {}).get("readyReplicas", 0))

    def _latch_of_flag(self) -> str:
        annotations = self.cluster.objects["ConfigMap", FLAGS]["metadata"]["annotations"]
        text = annotations[f"voicerollout.dev/{NAME}.rollback"]
        return "" if not text else self.rollout().spec_hash

    def all_goes_well(self, ticks: int = 1) -> None:
        """Pods and gateways do what they are asked for, at once, while time passes."""
        for _ in range(ticks):
            self.settle_pods()
            for gateway in self.gateways:
                self.acknowledge(gateway)
            self.tick()
            self.advance(seconds(2))
            self.tick()

    def quiesce(self) -> Status:
        """All goes well until nothing changes any more."""
        self.figure, self.answers = "good", True
        quiet, written = 0, -1
        while quiet < CALM:
            quiet = quiet + 1 if written == len(self.cluster.writes) else 0
            written = len(self.cluster.writes)
            self.all_goes_well()
        return self.status()


def _is_up(rollout: Rollout, start: Point, end: Point) -> bool:
    """Further along the plan, or a larger share."""
    order = {phase: place for place, phase in enumerate(rollout.spec.phase_names)}
    further = order.get(end.phase, -1) > order.get(start.phase, -1)
    return further or end.percentage > start.percentage

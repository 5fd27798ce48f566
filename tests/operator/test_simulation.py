"""The rules that hold whatever happens: random histories, and crashes around every write."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from support.memory_cluster import Crash
from support.rollouts import OFF, at, seconds
from support.simulated_specs import an_analysis, spec_of
from support.simulation import FIGURES, Simulation
from voice_rollout.api.names import flag_key
from voice_rollout.api.status import RolloutState
from voice_rollout.clients.cluster import ApiError

WRITES = st.sampled_from(["status", "ConfigMap", "Deployment", "Service"])
FAULTS: dict[str, tuple[str, Exception]] = {
    "the operator dies before it": ("before", Crash()),
    "the operator dies after it": ("after", Crash()),
    "somebody was faster": ("before", ApiError(409, "Conflict", "the object was changed")),
    "its answer is lost": ("after", ApiError(0, "Unreachable", "reset by peer")),
}


def a_candidate(speed: str, replicas: int) -> dict[str, Any]:
    workload = {"engine": "espeak", "env": {"ESPEAK_RATE": speed}, "replicas": {"min": 1, "max": replicas}}
    return {"name": "f5-tts", "workload": workload}


EDITS = st.one_of(
    st.builds(lambda phase: {"phase": phase}, st.sampled_from(["ga", "alpha", "disabled"])),
    st.builds(lambda share: {"percentage": share}, st.sampled_from([100, 60, 12.345, 5])),
    st.builds(lambda paused: {"paused": paused}, st.booleans()),
    st.builds(
        lambda speed, most: {"candidate": a_candidate(speed, most)},
        st.sampled_from(["150", "180"]),
        st.integers(1, 4),
    ),
    st.builds(
        lambda policy, minimum: {"analysis": an_analysis(onNoData=policy, minSamples=minimum)},
        st.sampled_from(["Hold", "Rollback"]),
        st.sampled_from([50, 40]),
    ),
    st.builds(
        lambda users: {"audience": {"allow": users}},
        st.lists(st.sampled_from(["qa-1", "dev-7"]), unique=True),
    ),
)


class Operator(RuleBasedStateMachine):
    """A rollout's life. Every write is checked by the simulation's observer at the moment it is made."""

    def __init__(self) -> None:
        super().__init__()
        self.world = Simulation(**spec_of())

    @initialize(looks=st.integers(1, 12))
    def it_begins_well(self, looks: int) -> None:
        self.world.all_goes_well(looks)

    @rule(edit=EDITS)
    def a_person_edits_the_spec(self, edit: dict[str, Any]) -> None:
        self.world.edit(**edit)
        self.world.tick()

    @rule(edits=st.lists(EDITS, min_size=1, max_size=2))
    def a_person_edits_while_the_operator_is_down(self, edits: list[dict[str, Any]]) -> None:
        for edit in edits:
            self.world.edit(**edit)
        self.world.restart()

    @rule(figure=st.sampled_from(list(FIGURES)), looks=st.integers(1, 5))
    def the_candidate_changes(self, figure: str, looks: int) -> None:
        self.world.figure = figure
        for _ in range(looks):
            self.world.tick()
            self.world.advance()

    @rule(answers=st.booleans())
    def prometheus_comes_and_goes(self, *, answers: bool) -> None:
        self.world.answers = answers
        self.world.tick()

    @rule(gateway=st.sampled_from(["one", "two"]))
    def a_gateway_reads_its_flags(self, gateway: str) -> None:
        self.world.acknowledge(gateway)
        self.world.tick()

    @rule(ready=st.booleans())
    def pods_change(self, *, ready: bool) -> None:
        self.world.settle_pods(ready=ready)
        self.world.tick()

    @rule(share=st.sampled_from([0, 33, 100]))
    def somebody_edits_the_flag(self, share: int) -> None:
        def change(data: dict[str, str]) -> None:
            if text := data.get(flag_key("f5-tts")):
                data[flag_key("f5-tts")] = json.dumps(json.loads(text) | {"percentage": share})

        self.world.edit_flag(change)
        self.world.tick()

    @rule()
    def somebody_deletes_the_flag(self) -> None:
        self.world.edit_flag(lambda data: data.pop(flag_key("f5-tts"), None))
        self.world.tick()

    @rule(looks=st.integers(1, 10))
    def all_goes_well(self, looks: int) -> None:
        self.world.figure, self.world.answers = "good", True
        self.world.all_goes_well(looks)

    @rule(passed=st.sampled_from([1, 4, 3600]))
    def time_passes(self, passed: int) -> None:
        self.world.advance(seconds(passed))
        self.world.tick()

    @rule(what=WRITES, fault=st.sampled_from(list(FAULTS)))
    def a_write_fails(self, what: str, fault: str) -> None:
        moment, error = FAULTS[fault]

        def fail_once(when: str, kind: str) -> None:
            if (when, kind) == (moment, what):
                self.world.cluster.fault = lambda _when, _what: None
                raise error

        self.world.cluster.fault = fail_once

    @invariant()
    def nobody_is_served_more_than_the_flag_says_was_committed(self) -> None:
        for served in self.world.gateways.values():
            assert served <= self.world.observer.generation

    @precondition(lambda self: self.world.status().progress.latch is not None)
    @invariant()
    def a_rollback_is_told(self) -> None:
        status = self.world.status()
        assert status.rollbacks > 0
        assert status.history

    def teardown(self) -> None:
        """Left in peace, it comes to the declared point or stays back, and then writes nothing more."""
        self.world.cluster.fault = lambda _when, _what: None
        status = self.world.quiesce()
        plan, paused = self.world.rollout().plan, self.world.rollout().spec.paused
        if status.progress.latch:
            assert status.state is RolloutState.ROLLED_BACK
        elif not plan.rungs:
            assert (status.state, self.world.observer.point) == (RolloutState.DISABLED, OFF)
        elif paused:
            assert status.state is RolloutState.PAUSED
        else:
            assert (status.state, self.world.observer.point) == (RolloutState.COMPLETE, plan.rungs[-1].point)
        self._rests()

    def _rests(self) -> None:
        written = len(self.world.cluster.writes)
        for _ in range(5):
            self.world.advance(seconds(120))
            self.world.tick()
        assert self.world.cluster.writes[written:] == [], "R9: steady state writes nothing"


TestOperator = Operator.TestCase
TestOperator.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


def a_life(crashes: list[tuple[int, str]]) -> Simulation:
    """A climb, a rollback on the way, a repaired candidate, and the rest of the climb; with crashes."""
    world = Simulation(**spec_of())
    crash_at(world, list(crashes))
    while world.observer.point != at("ga", 50.5):
        world.all_goes_well()
    world.figure = "bad"
    while not world.status().progress.latch:
        world.all_goes_well()
    world.figure = "good"
    world.edit(candidate=a_candidate("180", 4))
    world.quiesce()
    return world


def crash_at(world: Simulation, crashes: list[tuple[int, str]]) -> None:
    """Each crash comes before or after so many writes since the last one."""
    count = 0

    def fault(when: str, _what: str) -> None:
        nonlocal count
        count += when == "before"
        if crashes and crashes[0] <= (count, when):
            crashes.pop(0)
            count = 0
            raise Crash

    world.cluster.fault = fault


def told(world: Simulation) -> list[tuple[str, str]]:
    """Every move that the status remembers."""
    return [(move.from_, move.to) for move in world.status().history]


UNDISTURBED = a_life([])


def test_an_undisturbed_life() -> None:
    shares = ["alpha 10 %", "ga 10 %", "ga 50.5 %", "ga 10 %", "ga 50.5 %", "ga 100 %"]

    assert shares == UNDISTURBED.observer.shares
    assert told(UNDISTURBED) == list(zip(["disabled", *shares], shares, strict=False))


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(1, 12), st.sampled_from(["before", "after"])), max_size=8))
def test_crashes_change_neither_the_end_nor_the_way_there(crashes: list[tuple[int, str]]) -> None:
    world = a_life(crashes)

    assert world.observer.shares == UNDISTURBED.observer.shares
    assert told(world) == told(UNDISTURBED)
    assert (world.status().state, world.status().rollbacks) == (RolloutState.COMPLETE, 1)

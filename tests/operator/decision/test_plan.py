from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.plans import percentages, points, specs
from support.rollouts import OFF, a_phase, a_spec, at
from voice_rollout.api.names import DISABLED
from voice_rollout.api.spec import Level, Spec, parse_spec
from voice_rollout.api.status import Point
from voice_rollout.api.workload import Workload
from voice_rollout.decision.plan import Plan, plan_of, replicas_for


def a_plan(**changes: object) -> Plan:
    return plan_of(parse_spec(a_spec(**changes)))


def climb(plan: Plan) -> list[str]:
    """Every point from nobody to the declared one."""
    found = [plan.after(OFF)]
    while found[-1] is not None:
        found.append(plan.after(found[-1].point))
    return [str(rung.point) for rung in found if rung]


def test_the_climb_visits_every_step_of_every_phase_in_order() -> None:
    expected = ["alpha 10 %", "beta 10 %", "beta 25 %", "beta 50 %", "ga 50 %", "ga 75 %", "ga 100 %"]

    assert expected == climb(a_plan())


def test_the_climb_ends_in_the_declared_phase() -> None:
    assert climb(a_plan(phase="beta")) == ["alpha 10 %", "beta 10 %", "beta 25 %", "beta 50 %"]


def test_a_step_above_the_declared_share_is_cut_to_it() -> None:
    cut = ["alpha 10 %", "beta 10 %", "beta 25 %", "beta 30 %", "ga 30 %"]

    assert climb(a_plan(percentage=30)) == cut


def test_steps_beyond_the_cut_one_fall_away() -> None:
    assert climb(a_plan(percentage=25))[-2:] == ["beta 25 %", "ga 25 %"]


def test_a_new_phase_may_start_lower_than_the_last_one_ended() -> None:
    plan = a_plan(phases=[a_phase("alpha", 50), a_phase("ga", 10, 100)])

    assert climb(plan) == ["alpha 50 %", "ga 10 %", "ga 100 %"]


def test_a_decimal_share_is_exact() -> None:
    plan = a_plan(percentage=12.345)

    assert plan.rungs[-1].percentage == Decimal("12.345")


def test_declared_disabled_has_nowhere_to_go() -> None:
    assert climb(a_plan(phase="disabled")) == []


def test_manual_goes_straight_to_the_declared_point_without_a_hold() -> None:
    (rung,) = a_plan(advance="Manual", phase="beta", percentage=33).rungs

    assert (str(rung.point), rung.hold.total_seconds()) == ("beta 33 %", 0)


@given(specs())
def test_no_step_is_above_the_declared_point(spec: Spec) -> None:
    plan = plan_of(spec)

    assert all(rung.percentage <= spec.percentage for rung in plan.rungs)
    assert (plan.rungs == ()) == (spec.phase == DISABLED)
    assert {rung.phase for rung in plan.rungs} <= set(spec.phase_names)
    if plan.rungs:
        assert plan.rungs[-1].phase == spec.phase


@given(specs(advance="Automatic"))
def test_the_climb_passes_each_rung_once_and_skips_none(spec: Spec) -> None:
    plan = plan_of(spec)

    assert climb(plan) == [str(rung.point) for rung in plan.rungs]


@given(specs(advance="Automatic"))
def test_every_phase_up_to_the_declared_one_is_passed(spec: Spec) -> None:
    passed = list(dict.fromkeys(rung.phase for rung in plan_of(spec).rungs))
    declared = 0 if spec.phase == DISABLED else spec.phase_names.index(spec.phase) + 1

    assert passed == list(spec.phase_names[:declared])


@given(specs())
def test_a_rung_knows_its_place(spec: Spec) -> None:
    plan = plan_of(spec)

    for rung in plan.rungs:
        assert plan.at(rung.point) == rung
        assert 1 <= rung.number <= rung.of


def test_between_two_steps_the_lower_one_counts() -> None:
    rung = a_plan().at(at("beta", 40))

    assert rung is not None
    assert (rung.point, rung.number, rung.of) == (at("beta", 25), 2, 3)


@given(specs(), points)
def test_lowering_never_raises_a_share_nor_leaves_it_above_the_declared_one(spec: Spec, point: Point) -> None:
    allowed = plan_of(spec).capped(point)

    assert allowed.percentage <= min(point.percentage, spec.percentage)


@given(specs(), points)
def test_lowering_leaves_nobody_in_a_phase_above_the_declared_one(spec: Spec, point: Point) -> None:
    allowed = plan_of(spec).capped(point)

    if spec.phase == DISABLED:
        assert allowed == OFF
    elif not allowed.is_off:
        assert spec.phase_names.index(allowed.phase) <= spec.phase_names.index(spec.phase)


@given(specs(), points)
def test_lowering_twice_is_lowering_once(spec: Spec, point: Point) -> None:
    plan = plan_of(spec)

    assert plan.capped(plan.capped(point)) == plan.capped(point)


@given(specs())
def test_a_point_of_the_plan_is_left_alone(spec: Spec) -> None:
    plan = plan_of(spec)

    assert [plan.capped(rung.point) for rung in plan.rungs] == [rung.point for rung in plan.rungs]


@given(specs(), points)
def test_nobody_on_the_candidate_stays_nobody(spec: Spec, point: Point) -> None:
    assert plan_of(spec).capped(OFF) == OFF
    assert plan_of(spec).taken_back(point, Level.DISABLE) == OFF


def test_a_phase_that_left_the_plan_falls_back_to_the_first() -> None:
    assert a_plan().capped(at("canary", 50)) == at("alpha", 10)


@given(specs(), points, st.sampled_from(Level))
def test_a_rollback_never_gives_more_than_there_was(spec: Spec, point: Point, level: Level) -> None:
    plan = plan_of(spec)
    now = plan.capped(point)
    back = plan.taken_back(now, level)

    assert back.percentage <= now.percentage
    assert back != now or now.is_off


@given(specs(), points, st.sampled_from(Level))
def test_rollbacks_that_go_on_end_with_nobody(spec: Spec, point: Point, level: Level) -> None:
    plan = plan_of(spec)
    now = plan.capped(point)
    for _ in range(40):
        now = plan.taken_back(now, level)

    assert now == OFF


@pytest.mark.parametrize(
    ("level", "start", "end"),
    [
        ("ReducePercentage", at("beta", 50), at("beta", 25)),
        ("ReducePercentage", at("beta", 30), at("beta", 25)),
        ("ReducePercentage", at("beta", 10), at("alpha", 10)),
        ("ReducePercentage", at("alpha", 10), OFF),
        ("PreviousPhase", at("ga", 75), at("beta", 50)),
        ("PreviousPhase", at("beta", 50), at("alpha", 10)),
        ("PreviousPhase", at("alpha", 10), OFF),
        ("Disable", at("ga", 100), OFF),
    ],
)
@pytest.mark.parametrize("advance", ["Automatic", "Manual"])
def test_a_level_takes_users_as_far_back_as_it_says(
    advance: str, level: str, start: Point, end: Point
) -> None:
    assert a_plan(advance=advance).taken_back(start, Level(level)) == end


@given(percentages, st.integers(1, 8), st.integers(0, 8))
def test_pods_follow_the_share_between_min_and_max(percentage: Decimal, least: int, more: int) -> None:
    workload = Workload.model_validate({"engine": "espeak", "replicas": {"min": least, "max": least + more}})
    pods = replicas_for(workload, Point(phase="beta", percentage=percentage))

    assert least <= pods <= least + more
    assert pods * 100 >= percentage * (least + more)


def test_the_full_share_gets_every_pod_and_nobody_gets_none() -> None:
    workload = Workload.model_validate({"engine": "espeak", "replicas": {"min": 1, "max": 7}})

    assert (replicas_for(workload, at("ga", 100)), replicas_for(workload, OFF)) == (7, 0)
    assert replicas_for(None, at("ga", 100)) == 0

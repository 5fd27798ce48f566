"""Hypothesis strategies: any plan that a spec can hold."""

from decimal import Decimal

from hypothesis import strategies as st

from support.rollouts import Manifest, a_spec
from voice_rollout.api.names import DISABLED
from voice_rollout.api.spec import Spec, parse_spec
from voice_rollout.api.status import Point

NAMES = ("alpha", "beta", "gamma", "ga")

percentages = st.integers(0, 100_000).map(lambda thousandths: Decimal(thousandths) / 1000)
holds = st.integers(1, 300).map(lambda number: f"{number}s")


@st.composite
def phases(draw: st.DrawFn, most: int = len(NAMES)) -> list[Manifest]:
    """Phases whose shares rise inside each, and start where they like."""
    plan = []
    for name in NAMES[: draw(st.integers(1, most))]:
        shares = draw(st.sets(percentages, min_size=1, max_size=4))
        steps = [{"percentage": float(share), "hold": draw(holds)} for share in sorted(shares)]
        plan.append({"name": name, "steps": steps})
    return plan


@st.composite
def specs(draw: st.DrawFn, advance: str | None = None) -> Spec:
    """A spec with any plan, declared anywhere in it."""
    plan = draw(phases())
    declared = draw(st.sampled_from([DISABLED, *(phase["name"] for phase in plan)]))
    chosen = advance or draw(st.sampled_from(["Automatic", "Manual"]))
    percentage = float(draw(percentages))
    analysis: Manifest = {"metrics": []}
    return parse_spec(
        a_spec(phase=declared, percentage=percentage, advance=chosen, phases=plan, analysis=analysis)
    )


points = st.one_of(
    st.just(Point()),
    st.builds(
        lambda phase, percentage: Point(phase=phase, percentage=percentage),
        st.sampled_from([*NAMES, "renamed"]),
        percentages,
    ),
)

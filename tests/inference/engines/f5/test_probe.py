"""A reading wins when it is better in every draw and clearly so; anything less is a tie."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_server.engines.f5.probe import MARGIN, settle

LOSS = st.floats(0.01, 10)


@pytest.mark.parametrize(
    ("losses", "best"),
    [
        ({"v0": [1.0, 1.0], "v1": [0.5, 0.6]}, "v1"),
        ({"v0": [0.5, 0.6], "v1": [1.0, 1.0]}, "v0"),
        ({"v0": [1.0, 1.0], "v1": [1.0, 1.0]}, None),
        ({"v0": [1.0, 1.0], "v1": [0.99, 0.99]}, None),
        ({"v0": [1.0, 1.0], "v1": [0.1, 1.01]}, None),
        ({"v0": [1.0], "v1": [0.5], "v2": [0.5]}, None),
        ({"v0": [1.0], "v1": [0.5], "v2": [0.7]}, "v1"),
        ({"v0": [math.nan], "v1": [0.5]}, None),
        ({"v0": [0.5], "v1": [math.nan]}, None),
        ({"v0": [math.inf], "v1": [0.5]}, "v1"),
        ({"v0": [0.5]}, "v0"),
    ],
)
def test_the_best_has_to_be_clearly_better(losses: dict[str, list[float]], best: str | None) -> None:
    assert settle(list(losses), losses.__getitem__).best == best


@given(st.lists(st.tuples(LOSS, LOSS), min_size=1))
def test_the_order_of_the_readings_does_not_matter(drawn: list[tuple[float, float]]) -> None:
    losses = dict(zip("ab", zip(*drawn, strict=True), strict=True))

    assert settle(["a", "b"], losses.__getitem__).best == settle(["b", "a"], losses.__getitem__).best


@given(st.lists(LOSS, min_size=1), st.floats(0, MARGIN / 2))
def test_almost_the_same_is_a_tie(drawn: list[float], less: float) -> None:
    losses = {"a": drawn, "b": [loss * (1 - less) for loss in drawn]}

    assert settle(["a", "b"], losses.__getitem__).best is None


def test_the_verdict_tells_its_figures() -> None:
    losses = {"v0": [1.0, 2.0], "v1": [0.25, 0.75]}

    assert str(settle(["v0", "v1"], losses.__getitem__)) == "v0 1.5000, v1 0.5000"

"""The list of tensors is upstream's, name by name, and impossible numbers are refused."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from support.f5 import upstream_shapes
from voice_server.engines.f5.architecture import (
    ROTARY_FREQUENCIES,
    V0,
    V1,
    Architecture,
    ArchitectureError,
    shapes,
)


@pytest.mark.parametrize("a", [V0, V1, replace(V1, depth=2, qk_norm=True, long_skip_connection=True)])
def test_the_tensors_are_upstreams(a: Architecture) -> None:
    theirs = upstream_shapes(a)
    assert theirs.pop(ROTARY_FREQUENCIES) == (a.dim_head // 2,)

    assert shapes(a) == theirs


def test_the_standard_network_has_337_million_parameters() -> None:
    total = sum(torch.Size(shape).numel() for shape in shapes(V1).values())

    assert total == 337_096_804


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: replace(V1, dim=1000), "dim is 1000"),
        (lambda: replace(V1, dim_head=63), "dim_head is 63"),
        (lambda: replace(V1, pe_attn_head=17), "pe_attn_head is 17"),
    ],
)
def test_impossible_numbers_are_refused(build: Callable[[], Architecture], message: str) -> None:
    with pytest.raises(ArchitectureError, match=message):
        build()

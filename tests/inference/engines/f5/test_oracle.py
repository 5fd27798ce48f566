"""The lean network says what f5-tts says with the same weights and the same noise."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from support.f5 import (
    TINY_V0,
    TINY_V1,
    a_request,
    a_voice,
    random_weights,
    said,
    spoken_upstream,
    upstream,
)
from voice_server.engines.f5.architecture import V1, Architecture
from voice_server.engines.f5.sampler import F5, Request


def deep(architecture: Architecture) -> Architecture:
    """As deep as the standard network, an eighth as wide."""
    return replace(architecture, dim=128, depth=22, heads=8, mel_dim=100, conv_layers=4)


NETWORKS = [
    pytest.param(deep(TINY_V0), id="v0 at full depth"),
    pytest.param(deep(TINY_V1), id="v1 at full depth"),
    pytest.param(replace(TINY_V1, qk_norm=True), id="qk norm"),
    pytest.param(replace(TINY_V1, long_skip_connection=True), id="long skip"),
    pytest.param(replace(TINY_V0, conv_layers=0), id="no text blocks"),
    pytest.param(replace(TINY_V1, dim_head=24), id="heads wider than dim"),
]


def assert_speaks_as_upstream(
    architecture: Architecture,
    steps: int,
    cfg: float = 2.0,
    change: Callable[[Request], Request] | None = None,
) -> None:
    weights = random_weights(architecture)
    f5 = F5(weights, architecture, tiers=[steps])
    request = a_request(a_voice(f5))
    if change is not None:
        request = change(request)

    ours = said(f5.speak([request], steps, cfg))

    theirs = spoken_upstream(upstream(weights, architecture), request, steps, cfg)
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=0)


@pytest.mark.parametrize("steps", [16, 12, 7, 5])
@pytest.mark.parametrize("architecture", [TINY_V0, TINY_V1], ids=["v0", "v1"])
def test_in_every_tier(architecture: Architecture, steps: int) -> None:
    assert_speaks_as_upstream(architecture, steps)


@pytest.mark.parametrize("architecture", NETWORKS)
def test_with_every_kind_of_network(architecture: Architecture) -> None:
    assert_speaks_as_upstream(architecture, 7)


def test_in_evenly_spread_steps() -> None:
    assert_speaks_as_upstream(TINY_V1, 9)


@pytest.mark.parametrize("cfg", [0.0, 0.5, 3.0])
def test_at_any_strength_of_guidance(cfg: float) -> None:
    assert_speaks_as_upstream(TINY_V1, 5, cfg)


@pytest.mark.parametrize("architecture", [TINY_V0, TINY_V1], ids=["v0", "v1"])
def test_with_more_text_than_frames(architecture: Architecture) -> None:
    assert_speaks_as_upstream(architecture, 5, change=lambda request: replace(request, tokens=[5] * 90))


def test_with_a_text_of_nothing() -> None:
    assert_speaks_as_upstream(TINY_V1, 5, change=lambda request: replace(request, tokens=[]))


def test_at_full_size() -> None:
    assert_speaks_as_upstream(V1, 1, change=lambda request: replace(request, frames=20))


def test_the_two_generations_can_be_told_apart() -> None:
    weights = random_weights(TINY_V0)
    first, second = F5(weights, TINY_V0), F5(weights, TINY_V1)
    request = a_request(a_voice(first))

    assert (said(first.speak([request], 5)) - said(second.speak([request], 5))).abs().max() > 0.1

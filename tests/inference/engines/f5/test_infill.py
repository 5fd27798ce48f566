"""A network fills in best what it was trained on, in the way that it was trained in."""

import pytest
import torch
from torch import Tensor

from support.f5 import TINY_V0, TINY_V1
from support.training import trained
from voice_server.engines.f5.architecture import V0, V1, Architecture
from voice_server.engines.f5.infill import TIMES, Infill
from voice_server.engines.f5.probe import settle
from voice_server.engines.f5.reading import VARIANTS, Variant

SAID = [3, 14, 15, 9, 26, 5, 35, 8, 9, 7, 9, 32, 38, 4, 6]


@pytest.fixture(scope="module")
def mel() -> Tensor:
    """60 frames that drift as speech does, of mean 0 and variance 1."""
    steps = torch.randn(60, TINY_V0.mel_dim, generator=torch.Generator().manual_seed(5))
    drift = steps.cumsum(0)
    return (drift - drift.mean()) / drift.std()


@pytest.mark.parametrize(("variant", "architecture"), [("v0", TINY_V0), ("v1", TINY_V1)])
def test_a_network_fills_in_best_as_it_was_trained(
    mel: Tensor, variant: Variant, architecture: Architecture
) -> None:
    infill = Infill(trained(architecture, mel, SAID, steps=100), architecture)

    def losses(reading: Variant) -> list[float]:
        known = VARIANTS[reading]
        return infill.losses(mel, SAID, masked=known.text_mask_padding, heads=known.pe_attn_head)

    verdict = settle(list(VARIANTS), losses)

    assert len(losses("v0")) == len(TIMES)
    assert losses("v0") == losses("v0")
    assert verdict.best == variant
    assert min(verdict.losses.values()) < 0.75 * max(verdict.losses.values())


def test_the_variants_are_those_of_the_architectures() -> None:
    assert VARIANTS == {"v0": V0, "v1": V1}

"""Mel spectrograms are upstream's, and too little sound is refused."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from support.f5 import upstream_mel
from voice_server.engines.f5.mel import BANDS, HOP, TooShortError, mel


@settings(deadline=None, max_examples=20)
@given(st.integers(513, 9000))
def test_a_mel_is_upstreams(length: int) -> None:
    samples = torch.randn(length, generator=torch.Generator().manual_seed(length)).clamp(-1, 1)

    ours = mel(samples)

    assert ours.shape == (length // HOP + 1, BANDS)
    assert torch.equal(ours, upstream_mel(samples))


def test_silence_has_a_mel() -> None:
    assert mel(torch.zeros(4000)).isfinite().all()


def test_a_tone_is_seen_in_its_band() -> None:
    seconds = torch.arange(24_000) / 24_000
    low, high = (mel(torch.sin(2 * torch.pi * pitch * seconds)).mean(0).argmax() for pitch in (200, 4000))

    assert low < high


@pytest.mark.parametrize("samples", [torch.zeros(0), torch.zeros(512), torch.zeros(2, 4000)])
def test_what_no_window_fits_is_refused(samples: torch.Tensor) -> None:
    with pytest.raises(TooShortError, match="more than 512 samples of one channel"):
        mel(samples)

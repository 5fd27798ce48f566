"""The list of tensors is upstream's, name by name, and impossible numbers are refused."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from f5_tts.model import DiT

from voice_server.engines.f5.architecture import (
    ROTARY_FREQUENCIES,
    V0,
    V1,
    Architecture,
    ArchitectureError,
    shapes,
)


def upstream(a: Architecture) -> DiT:
    with torch.device("meta"):
        return DiT(
            dim=a.dim, depth=a.depth, heads=a.heads, dim_head=a.dim_head, ff_mult=a.ff_mult, mel_dim=a.mel_dim,
            text_num_embeds=a.text_num_embeds, text_dim=a.text_dim, text_mask_padding=a.text_mask_padding,
            qk_norm="rms_norm" if a.qk_norm else None, conv_layers=a.conv_layers, pe_attn_head=a.pe_attn_head,
            long_skip_connection=a.long_skip_connection,
        )  # fmt: skip


@pytest.mark.parametrize("a", [V0, V1, replace(V1, depth=2, qk_norm=True, long_skip_connection=True)])
def test_the_tensors_are_upstreams(a: Architecture) -> None:
    theirs = {f"transformer.{name}": tuple(tensor.shape) for name, tensor in upstream(a).state_dict().items()}
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

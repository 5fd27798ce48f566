"""The network is read off the tensors, and whatever does not belong to it is named."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from f5_tts.model import MMDiT, UNetT
from hypothesis import given
from hypothesis import strategies as st

from support.f5 import TINY_V0, TINY_V1
from voice_server.engines.f5.architecture import ROTARY_FREQUENCIES, V0, V1, Architecture, shapes
from voice_server.engines.f5.checkpoint import Checkpoint, CheckpointError, Entry
from voice_server.engines.f5.structure import architecture_of, compare

Shapes = dict[str, tuple[int, ...]]


def a_file(found: Shapes, dtype: str = "F32") -> Checkpoint:
    entries = {name: Entry(dtype, tuple(shape), 0, 0) for name, shape in found.items()}
    return Checkpoint(Path("model.safetensors"), entries, ())


def complete(architecture: Architecture) -> Shapes:
    return shapes(architecture) | {ROTARY_FREQUENCIES: (architecture.dim_head // 2,)}


@st.composite
def architectures(draw: st.DrawFn) -> Architecture:
    layers = draw(st.integers(0, 12))
    return Architecture(
        text_mask_padding=draw(st.booleans()),
        pe_attn_head=draw(st.sampled_from([None, 1])),
        dim=16 * draw(st.integers(1, 80)),
        depth=draw(st.integers(1, 12)),
        heads=draw(st.integers(1, 20)),
        dim_head=2 * draw(st.integers(1, 64)),
        ff_mult=draw(st.integers(1, 4)),
        mel_dim=draw(st.integers(1, 128)),
        text_num_embeds=draw(st.integers(1, 3000)),
        text_dim=2 * draw(st.integers(1, 300)),
        conv_layers=layers,
        conv_mult=draw(st.integers(1, 4)) if layers else 2,
        qk_norm=draw(st.booleans()),
        long_skip_connection=draw(st.booleans()),
    )


@given(architectures())
def test_every_size_is_read_off_the_tensors(architecture: Architecture) -> None:
    assert architecture_of(a_file(complete(architecture)), like=architecture) == architecture


@pytest.mark.parametrize("like", [V0, V1])
def test_what_the_tensors_do_not_tell_stays_as_it_was_told(like: Architecture) -> None:
    found = architecture_of(a_file(complete(TINY_V0)), like)

    assert (found.text_mask_padding, found.pe_attn_head) == (like.text_mask_padding, like.pe_attn_head)


def test_without_rotary_frequencies_a_head_has_64() -> None:
    assert architecture_of(a_file(shapes(V1)), like=V1) == V1


def test_missing_unknown_misshaped_and_mistyped_tensors_are_named() -> None:
    found = complete(TINY_V1)
    del found["transformer.norm_out.linear.bias"]
    found["transformer.lora.weight"] = (4, 4)
    found["transformer.proj_out.bias"] = (21,)
    checkpoint = a_file(found)

    with pytest.raises(CheckpointError) as refusal:
        architecture_of(checkpoint, like=TINY_V1)

    assert str(refusal.value).endswith(
        "1 missing: transformer.norm_out.linear.bias; 1 unknown: transformer.lora.weight; "
        "1 of another shape: transformer.proj_out.bias [21] where [20] belongs"
    )


def test_types_that_no_network_is_kept_in_are_named() -> None:
    with pytest.raises(
        CheckpointError, match=r"64 of a type other than F32, F16, BF16: .* F64, .* and 44 more"
    ):
        architecture_of(a_file(complete(TINY_V1), dtype="F64"), like=TINY_V1)


def test_only_the_first_twenty_are_listed() -> None:
    differences = compare({}, V1)

    assert len(differences.missing) == 363
    assert str(differences).count("transformer.") == 20
    assert str(differences).endswith(" and 343 more")


def test_blocks_are_counted_not_believed() -> None:
    found = complete(TINY_V1) | {"transformer.transformer_blocks.4000000000.ff.ff.2.bias": (64,)}

    with pytest.raises(CheckpointError, match=r"1 unknown: transformer\.transformer_blocks\.4000000000"):
        architecture_of(a_file(found), like=TINY_V1)


@pytest.mark.parametrize("backbone", [MMDiT, UNetT])
def test_other_backbones_of_upstream_are_refused_by_name(backbone: type[torch.nn.Module]) -> None:
    other = backbone(dim=64, depth=2, heads=2, text_num_embeds=40)
    found = {f"transformer.{name}": tuple(tensor.shape) for name, tensor in other.state_dict().items()}

    with pytest.raises(CheckpointError, match=f"its backbone is {backbone.__name__}, and only DiT is served"):
        architecture_of(a_file(found), like=V1)


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("transformer.proj_out.weight", None, "there is no transformer.proj_out.weight"),
        ("transformer.proj_out.weight", (64,), r"has the shape \[64\], which should be \[rows, columns\]"),
        ("transformer.proj_out.weight", (20, 0), r"has the shape \[20, 0\]"),
        ("transformer.proj_out.weight", (20, 1), "dim is 1, but has to be a multiple of 16"),
        ("transformer.text_embed.text_embed.weight", (1, 32), "it knows no token"),
        ("transformer.transformer_blocks.0.attn.to_q.weight", (60, 64), "no multiple of dim_head 16"),
        (ROTARY_FREQUENCIES, (0,), "no multiple of dim_head 0"),
        (ROTARY_FREQUENCIES, (8, 8), r"1 of another shape: .* \[8, 8\] where \[32\] belongs"),
    ],
)
def test_tensors_that_make_up_no_network_are_refused(
    name: str, shape: tuple[int, ...] | None, message: str
) -> None:
    found = complete(TINY_V1)
    if shape is None:
        del found[name]
    else:
        found[name] = shape

    with pytest.raises(CheckpointError, match=message):
        architecture_of(a_file(found), like=replace(V1))

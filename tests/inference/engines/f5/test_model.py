"""How a network is made of a checkpoint: each tensor read once, kept once, in the storage type that was asked for."""

from collections import Counter
from collections.abc import Iterator, Mapping

import pytest
import torch
from torch import Tensor

from support.f5 import TINY_V1, a_request, a_voice, random_weights, said
from voice_server.engines.f5.architecture import shapes
from voice_server.engines.f5.layers import StorageError
from voice_server.engines.f5.sampler import F5


class Watched(Mapping[str, Tensor]):
    """Weights that are made when they are asked for, and counted."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self._weights = random_weights(TINY_V1)

    def __getitem__(self, name: str) -> Tensor:
        self.asked[name] += 1
        return self._weights[name].clone()

    def __iter__(self) -> Iterator[str]:
        return iter(self._weights)

    def __len__(self) -> int:
        return len(self._weights)


def rounded(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """As fp16 can hold them, where fp16 is what they are kept as: matrices that outlive the tables of the times."""
    folded = ("time_embed", "attn_norm", "norm_out")
    return {
        name: tensor
        if tensor.ndim == 1 or "grn" in name or any(part in name for part in folded)
        else tensor.half()
        for name, tensor in weights.items()
    }


def test_every_tensor_is_read_exactly_once() -> None:
    weights = Watched()
    F5(weights, TINY_V1)

    assert weights.asked == Counter(shapes(TINY_V1).keys())


def test_a_network_does_not_change_with_its_checkpoint() -> None:
    weights = random_weights(TINY_V1)
    f5 = F5(weights, TINY_V1)
    request = a_request(a_voice(f5))
    before = said(f5.speak([request], 5))

    for tensor in weights.values():
        tensor.zero_()

    assert torch.equal(said(f5.speak([request], 5)), before)


def test_weights_stored_as_fp16_are_computed_with_in_fp32() -> None:
    weights = random_weights(TINY_V1)
    halved = F5(weights, TINY_V1, storage=torch.float16)
    request = a_request(a_voice(halved))

    exact = said(F5(rounded(weights), TINY_V1).speak([request], 7))

    assert torch.equal(said(halved.speak([request], 7)), exact)
    torch.testing.assert_close(exact, said(F5(weights, TINY_V1).speak([request], 7)), atol=0.05, rtol=0)


def test_what_fp16_cannot_hold_is_refused_by_name() -> None:
    weights = random_weights(TINY_V1)
    weights["transformer.proj_out.weight"][0, 0] = 1e6

    with pytest.raises(StorageError, match=r"transformer\.proj_out\.weight holds values that torch\.float16"):
        F5(weights, TINY_V1, storage=torch.float16)


@pytest.mark.parametrize("name", sorted(shapes(TINY_V1)))
def test_every_tensor_is_heard(name: str) -> None:
    weights = random_weights(TINY_V1)
    f5 = F5(weights, TINY_V1, tiers=[2])
    request = a_request(a_voice(f5))
    before = said(f5.speak([request], 2))

    changed = weights | {name: weights[name] * 1.5 + 0.1}

    if not name.endswith("to_k.bias"):  # attention looks at differences between keys
        assert (said(F5(changed, TINY_V1, tiers=[2]).speak([request], 2)) - before).abs().max() > 1e-5

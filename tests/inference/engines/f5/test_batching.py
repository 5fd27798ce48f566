"""In a batch everybody gets what he gets alone, whoever else is there or leaves."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from support.f5 import TINY_V0, TINY_V1, a_request, a_voice, random_weights, said
from voice_server.engines.f5.sampler import F5, Request

F5S = {name: F5(random_weights(each), each) for name, each in {"v0": TINY_V0, "v1": TINY_V1}.items()}


@pytest.fixture(params=F5S)
def f5(request: pytest.FixtureRequest) -> F5:
    return F5S[request.param]


def five(f5: F5) -> list[Request]:
    """Five voices, texts and lengths."""
    return [
        a_request(
            a_voice(f5, frames=20 + 11 * index, tokens=3 + index, seed=index),
            tokens=list(range(index, 2 * index + 4)),
            frames=[90, 1, 17, 64, 40][index],
            seed=100 + index,
        )
        for index in range(5)
    ]


def for_steps(count: int) -> Callable[[], bool]:
    """Wanted when a request begins and before its first `count` steps."""
    answers = iter([True] * (count + 1))
    return lambda: next(answers, False)


@pytest.mark.parametrize("cfg", [0.0, 2.0])
def test_five_together_get_what_each_gets_alone(f5: F5, cfg: float) -> None:
    together = f5.speak(five(f5), 7, cfg)

    for request, mel in zip(five(f5), together, strict=True):
        assert mel is not None
        torch.testing.assert_close(mel, said(f5.speak([request], 7, cfg)), atol=1e-5, rtol=0)


def test_five_together_get_what_each_gets_alone_at_full_depth() -> None:
    deep = replace(TINY_V1, dim=128, depth=22, heads=8)
    f5 = F5(random_weights(deep), deep)

    for request, mel in zip(five(f5), f5.speak(five(f5), 7), strict=True):
        assert mel is not None
        torch.testing.assert_close(mel, said(f5.speak([request], 7)), atol=1e-5, rtol=0)


@settings(deadline=None, max_examples=25)
@given(
    frames=st.lists(st.integers(1, 60), min_size=1, max_size=6),
    leaving=st.lists(st.integers(-1, 5), min_size=6),
)
def test_who_leaves_does_not_change_who_stays(frames: list[int], leaving: list[int]) -> None:
    f5 = F5S["v1"]
    voice = a_voice(f5)
    stays = [a_request(voice, frames=count, seed=count) for count in frames]
    batch = [
        replace(request, is_wanted=for_steps(steps)) for request, steps in zip(stays, leaving, strict=False)
    ]

    for request, steps, mel in zip(stays, leaving, f5.speak(batch, 5), strict=False):
        if steps < 5:
            assert mel is None
        else:
            assert mel is not None
            torch.testing.assert_close(mel, said(f5.speak([request], 5)), atol=1e-5, rtol=0)


def test_nothing_more_is_computed_once_nobody_wants_it(f5: F5, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[None] = []

    def wanted() -> bool:
        asked.append(None)
        return len(asked) < 4

    assert f5.speak([a_request(a_voice(f5), is_wanted=wanted)], 16) == [None]
    assert len(asked) == 4


def test_a_batch_of_nobody_gives_nothing(f5: F5) -> None:
    assert f5.speak([], 5) == []


def test_a_request_may_come_twice(f5: F5) -> None:
    request = a_request(a_voice(f5))

    first, second = f5.speak([request, request], 5)

    assert first is not None
    assert second is not None
    assert torch.equal(first, second)


def test_threads_do_not_hear_each_other(f5: F5) -> None:
    requests = five(f5)
    alone = [said(f5.speak([request], 7)) for request in requests]

    with ThreadPoolExecutor(4) as pool:
        mels = list(pool.map(lambda index: said(f5.speak([requests[index % 5]], 7)), range(20)))

    for index, mel in enumerate(mels):
        torch.testing.assert_close(mel, alone[index % 5], atol=1e-5, rtol=0)

import asyncio
from collections.abc import Callable

import pytest
import torch

from voice_server.engines.torch_engine import TorchEngine


class Card:
    """An engine on a card, and what it gave back in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.given: list[str] = []
        monkeypatch.setattr(torch.cuda, "empty_cache", self._gives("caches"))
        self.engine = TorchEngine("card")
        self.engine._loaded_on(torch.device("cuda"), self._gives("vocoder"), self._gives("model"))

    def _gives(self, what: str) -> Callable[[], None]:
        return lambda: self.given.append(what)

    async def asked(self, times: int) -> list[bool]:
        told = [self.engine.relieve() for _ in range(times)]
        await self.engine._thread.run(lambda: None)
        return told


async def test_one_shortage_costs_the_caches_first_and_then_speed_until_nothing_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    card = Card(monkeypatch)

    assert await card.asked(4) == [True, True, True, False]
    assert card.given == ["caches", "vocoder", "model"]


async def test_a_later_shortage_begins_with_the_caches_again(monkeypatch: pytest.MonkeyPatch) -> None:
    card = Card(monkeypatch)
    for _ in range(3):
        assert await card.asked(1) == [True]
        await card.engine._spoken(lambda: None)

    assert card.given == ["caches"] * 3


async def test_what_did_not_fit_does_not_count_as_spoken(monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    card = Card(monkeypatch)
    await card.asked(1)
    await asyncio.gather(card.engine._spoken(full), return_exceptions=True)
    await card.asked(1)

    assert card.given == ["caches", "vocoder"]


async def test_what_cannot_be_given_back_is_logged_and_the_thread_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail() -> None:
        raise OSError("the weights are gone")

    engine = TorchEngine("card")
    engine._thread.later(fail)

    assert await engine._spoken(lambda: 7) == 7
    assert "the weights are gone" in caplog.text


async def test_a_cpu_has_nothing_to_give_back() -> None:
    engine = TorchEngine("test")
    engine._loaded_on(torch.device("cpu"), lambda: None)
    await engine._spoken(lambda: None)

    assert (engine.relieve(), engine.vram()) == (False, (0, 0))

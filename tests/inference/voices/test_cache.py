import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from support.voice import until
from voice_server.voices.cache import ProfileCache, ProfileKey
from voice_server.voices.shelf import Bounds

ANA = ProfileKey("f5", "1", "ana", "then")
BIA = ProfileKey("f5", "1", "bia", "then")


class Kitchen:
    """Prepares profiles when it is allowed to, and remembers what it began and what became of it."""

    def __init__(self) -> None:
        self.allowed = asyncio.Event()
        self.begun: list[str] = []
        self.cancelled: list[str] = []
        self.failing = False

    def prepare(self, name: str) -> Callable[[], Coroutine[Any, Any, str]]:
        async def prepared() -> str:
            self.begun.append(name)
            try:
                await self.allowed.wait()
            except asyncio.CancelledError:
                self.cancelled.append(name)
                raise
            if self.failing:
                raise ValueError(name)
            return f"profile by {name}"

        return prepared


@pytest.fixture
def kitchen() -> Kitchen:
    return Kitchen()


def a_cache(bounds: Bounds | None = None, clock: Callable[[], float] = lambda: 0.0) -> ProfileCache[str]:
    return ProfileCache(len, clock, bounds)


def ask(cache: ProfileCache[str], kitchen: Kitchen, name: str, key: ProfileKey = ANA) -> asyncio.Task[str]:
    return asyncio.create_task(cache.get(key, kitchen.prepare(name)))


async def test_a_voice_is_prepared_once_for_all_who_ask_at_the_same_time(kitchen: Kitchen) -> None:
    cache = a_cache()
    asking = [ask(cache, kitchen, name) for name in "abc"]
    await until(lambda: kitchen.begun, is_=["a"])
    kitchen.allowed.set()

    assert await asyncio.gather(*asking) == ["profile by a"] * 3
    assert await ask(cache, kitchen, "d") == "profile by a"
    assert (kitchen.begun, cache.misses, cache.hits) == (["a"], 1, 3)


async def test_two_voices_are_prepared_side_by_side(kitchen: Kitchen) -> None:
    cache = a_cache()
    asking = [ask(cache, kitchen, "a"), ask(cache, kitchen, "b", BIA)]
    await until(lambda: kitchen.begun, is_=["a", "b"])
    kitchen.allowed.set()

    assert await asyncio.gather(*asking) == ["profile by a", "profile by b"]


async def test_the_first_may_leave_and_the_others_still_get_what_it_began(kitchen: Kitchen) -> None:
    cache = a_cache()
    first, second = ask(cache, kitchen, "a"), ask(cache, kitchen, "b")
    await until(lambda: kitchen.begun, is_=["a"])
    first.cancel()
    await asyncio.wait({first})
    kitchen.allowed.set()

    assert await second == "profile by a"
    assert (first.cancelled(), kitchen.cancelled) == (True, [])


async def test_a_preparation_that_nobody_waits_for_is_stopped_and_begun_anew_for_the_next(
    kitchen: Kitchen,
) -> None:
    cache = a_cache()
    first = ask(cache, kitchen, "a")
    await until(lambda: kitchen.begun, is_=["a"])
    first.cancel()
    await until(lambda: kitchen.cancelled, is_=["a"])
    kitchen.allowed.set()

    assert await ask(cache, kitchen, "b") == "profile by b"


async def test_each_hears_the_failure_of_its_own_attempt_only(kitchen: Kitchen) -> None:
    cache = a_cache()
    kitchen.failing = True
    first, second = ask(cache, kitchen, "a"), ask(cache, kitchen, "b")
    await until(lambda: kitchen.begun, is_=["a"])
    kitchen.allowed.set()
    with pytest.raises(ValueError, match="a"):
        await first
    with pytest.raises(ValueError, match="b"):
        await second
    kitchen.failing = False

    assert await ask(cache, kitchen, "c") == "profile by c"
    assert (len(cache), cache.misses) == (1, 3)


async def test_a_forgotten_voice_is_prepared_again_even_if_it_was_on_its_way(kitchen: Kitchen) -> None:
    cache = a_cache()
    first = ask(cache, kitchen, "a")
    await until(lambda: kitchen.begun, is_=["a"])
    cache.forget("ana")
    kitchen.allowed.set()

    assert await first == "profile by a"
    assert len(cache) == 0
    assert await ask(cache, kitchen, "b") == "profile by b"


async def test_of_a_forgotten_voice_nothing_is_kept_whatever_was_made_of_it(kitchen: Kitchen) -> None:
    cache = a_cache()
    kitchen.allowed.set()
    for key in (ANA, BIA, replace(ANA, reference="now"), replace(ANA, version="2")):
        await ask(cache, kitchen, "a", key)
    cache.forget("ana")

    assert len(cache) == 1
    assert await ask(cache, kitchen, "b", BIA) == "profile by a"


async def test_a_profile_lives_an_hour_after_its_last_use(kitchen: Kitchen) -> None:
    times = iter([0.0, 0.0, 3599.0, 7198.0, 10_798.0, 10_798.0])
    cache = a_cache(clock=lambda: next(times))
    kitchen.allowed.set()
    for name in "abcd":
        await ask(cache, kitchen, name)

    assert kitchen.begun == ["a", "d"]


async def test_a_profile_larger_than_the_cache_is_given_but_not_kept(kitchen: Kitchen) -> None:
    cache = a_cache(Bounds(size=3))
    kitchen.allowed.set()

    assert await ask(cache, kitchen, "a") == "profile by a"
    assert (len(cache), cache.bytes) == (0, 0)

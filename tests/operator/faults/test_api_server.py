"""The API server goes away, lies, refuses and stutters; what a person asks for right after is done all the same."""

import asyncio
import time
from itertools import pairwise
from signal import SIGCONT, SIGKILL, SIGSTOP

import pytest
from aiohttp import web

from support.faultproxy import LostError, Write
from support.flag_history import Place
from support.manifests import a_spec
from support.prometheus_stub import NAN
from support.stage import GENEROUS, Stage

RIGHT_WITHIN = 15.0
STORM = 8
CLIMB = [
    Place("disabled", 0),
    Place("alpha", 10),
    Place("beta", 10),
    Place("beta", 25),
    Place("beta", 50),
    Place("ga", 100),
]


async def holding_at_alpha(stage: Stage) -> None:
    await stage.create(a_spec(), NAN)
    await stage.start()
    await stage.until(phase="alpha", state="Holding")
    await stage.quiet()


@pytest.mark.parametrize("code", [500, 504, 410])
async def test_after_an_error_event_in_the_watches_a_change_is_acted_upon(stage: Stage, code: int) -> None:
    await holding_at_alpha(stage)

    stage.proxy.break_watches(code)

    assert await stage.disable() < RIGHT_WITHIN


async def test_a_watch_that_says_nothing_delays_nobody(stage: Stage) -> None:
    await holding_at_alpha(stage)

    stage.proxy.deafen()

    assert await stage.disable() < 3


async def test_after_the_api_server_was_killed_a_change_is_acted_upon(stage: Stage) -> None:
    await holding_at_alpha(stage)

    await asyncio.to_thread(stage.theatre.server.restart, "kube-apiserver", SIGKILL)

    assert await stage.disable() < RIGHT_WITHIN
    assert stage.flags.places == [Place("disabled", 0), Place("alpha", 10), Place("disabled", 0)]


async def test_after_the_api_server_was_frozen_a_change_is_acted_upon(stage: Stage) -> None:
    await holding_at_alpha(stage)

    stage.theatre.server.signal("kube-apiserver", SIGSTOP)
    try:
        await stage.operator.logged("lease not renewed", times=2)
    finally:
        stage.theatre.server.signal("kube-apiserver", SIGCONT)

    assert await stage.disable() < RIGHT_WITHIN


async def test_writes_whose_answer_is_lost_are_neither_repeated_nor_forgotten(stage: Stage) -> None:
    lost: set[str] = set()

    async def lose_the_first_answer(write: Write) -> None:
        told = f"{write.what} {write.body if 'configmaps' in write.what else ''}"
        if told not in lost:
            lost.add(told)
            raise LostError

    stage.proxy.after = lose_the_first_answer
    await stage.create(a_spec())
    await stage.start()
    await stage.until(state="Complete", within=4 * GENEROUS)

    assert stage.flags.places == CLIMB
    assert {told.split(maxsplit=2)[1] for told in lost} > {
        "leases/voice-rollout-operator",
        "voicerollouts/f5/status",
    }
    assert stage.operator.exits == [], "nothing ends when a connection does"


async def test_an_edit_between_read_and_write_is_never_overwritten(stage: Stage) -> None:
    """Each of the first status writes meets a resource that somebody has just touched."""
    touched: list[Write] = []

    async def touch(write: Write) -> None:
        if write.path.endswith("/status") and len(touched) < STORM:
            touched.append(write)
            await stage.kube.merge(
                stage.where(), {"metadata": {"annotations": {"touched": str(write.number)}}}
            )

    stage.proxy.before = touch
    await stage.create(a_spec(phase="alpha"))
    await stage.start()
    await stage.until(state="Complete", within=2 * GENEROUS)

    assert [write.status for write in touched] == [409] * STORM
    assert (await stage.rollout())["metadata"]["annotations"] == {"touched": str(touched[-1].number)}
    assert stage.flags.places == CLIMB[:2]
    gaps = [two.at - one.at for one, two in pairwise(touched)]
    assert max(gaps[-3:]) > 0.2, "a storm is not answered by a storm"


async def test_a_server_that_asks_for_patience_gets_it(stage: Stage) -> None:
    asked: list[float] = []

    async def busy(write: Write) -> web.Response | None:
        if "deployments/f5-stable" not in write.path:
            return None
        asked.append(time.monotonic())
        if len(asked) > 2:
            return None
        return web.json_response({"message": "too many"}, status=429, headers={"Retry-After": "3"})

    stage.proxy.before = busy
    await stage.create(a_spec(phase="alpha"))
    await stage.start()
    await stage.until(state="Complete", within=2 * GENEROUS)

    first, second, made = asked
    assert second - first >= 3
    assert made - second >= 3


async def test_a_server_that_fails_every_write_for_a_while_is_waited_for(stage: Stage) -> None:
    answers = 0

    async def fail(_: Write) -> web.Response | None:
        nonlocal answers
        answers += 1
        return web.json_response({"message": "etcd is full"}, status=500) if answers <= 6 else None

    stage.proxy.before = fail
    await stage.create(a_spec())
    await stage.start()
    await stage.until(state="Complete", within=4 * GENEROUS)

    assert stage.flags.places == CLIMB

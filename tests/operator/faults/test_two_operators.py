"""Rule R8: of two operators one acts, and a leader that was away writes nothing stale."""

import asyncio
from signal import SIGCONT, SIGKILL, SIGSTOP, SIGTERM

import pytest
from aiohttp import web

from support.faultproxy import LostError, Write
from support.flag_history import Place
from support.kube import LEASES
from support.manifests import a_spec
from support.prometheus_stub import NAN
from support.stage import GENEROUS, Replica, Stage, eventually

TAKEN_OVER_WITHIN = 20.0
FROZEN_SECONDS = 40.0
CLIMB = [
    Place("disabled", 0),
    Place("alpha", 10),
    Place("beta", 10),
    Place("beta", 25),
    Place("beta", 50),
    Place("ga", 100),
]


@pytest.fixture
async def second(stage: Stage) -> Replica:
    """Another operator beside the stage's first."""
    return await stage.replica("operator-2")


def lease(stage: Stage) -> str:
    return f"{LEASES.format(stage.namespace)}/voice-rollout-operator"


async def leads(stage: Stage, identity: str) -> int:
    """Return when it leads: its epoch."""

    async def held() -> int | None:
        spec = (await stage.kube.get(lease(stage)))["spec"]
        return int(spec["leaseTransitions"]) if spec["holderIdentity"] == identity else None

    async def otherwise() -> str:
        return str(await stage.kube.find(lease(stage)))

    epoch: int = await eventually(held, GENEROUS, otherwise)
    return epoch


async def following(stage: Stage, second: Replica) -> None:
    """The first leads, the second knows."""
    await stage.start()
    await leads(stage, "operator-1")
    await stage.start(second)
    await second.proxy.lease_read(1)


async def test_of_two_operators_one_writes(stage: Stage, second: Replica) -> None:
    await stage.create(a_spec())
    await stage.start(stage.first, second)
    await stage.until(state="Complete", within=2 * GENEROUS)

    assert [] in (stage.proxy.writes, second.proxy.writes)
    assert stage.flags.places == CLIMB
    assert {document["epoch"] for document in stage.flags.documents} == {1}


async def test_when_the_leader_dies_the_other_goes_on_where_it_stopped(stage: Stage, second: Replica) -> None:
    """It dies while the write that opens 50 % is on its way, which never arrives."""
    leaving, died = asyncio.Event(), asyncio.Event()

    async def lose(write: Write) -> None:
        if write.opens("f5", 50):
            leaving.set()
            await died.wait()
            raise LostError

    stage.proxy.before = lose
    await stage.create(a_spec())
    await following(stage, second)
    await asyncio.wait_for(leaving.wait(), GENEROUS)

    await stage.operator.stop(SIGKILL)
    died.set()
    dead_since = stage.clock()
    await stage.until(state="Complete", within=2 * GENEROUS)

    assert stage.flags.places == CLIMB
    assert second.proxy.done()[0].at - dead_since < TAKEN_OVER_WITHIN
    assert [document["epoch"] for document in stage.flags.documents] == sorted([1, 1, 1, 1, 2, 2])


async def test_a_leader_that_is_asked_to_go_hands_over_at_once(stage: Stage, second: Replica) -> None:
    await stage.create(a_spec(), NAN)
    await following(stage, second)
    await stage.until(phase="alpha")

    asked = stage.clock()
    await stage.operator.stop(SIGTERM)
    gone = stage.clock()
    await leads(stage, "operator-2")

    assert stage.operator.exits == [0]
    assert gone - asked < 5
    assert stage.clock() - gone < 5


async def test_a_leader_frozen_in_the_middle_of_a_write_writes_nothing_stale(
    stage: Stage, second: Replica
) -> None:
    """It is stopped while the write that opens 25 % is on its way; a person pauses the climb; the other takes over."""
    frozen, thawed = asyncio.Event(), asyncio.Event()
    late: list[Write] = []

    async def freeze(write: Write) -> web.Response | None:
        if write.opens("f5", 25):
            stage.operator.send(SIGSTOP)
            late.append(write)
            frozen.set()
            await thawed.wait()
        return None

    stage.proxy.before = freeze
    await stage.create(a_spec())
    await following(stage, second)
    await asyncio.wait_for(frozen.wait(), GENEROUS)
    began, before = stage.clock(), len(stage.proxy.writes)

    await stage.change(paused=True)
    await stage.until(state="Paused")
    assert second.proxy.done()[0].at - began < TAKEN_OVER_WITHIN
    await asyncio.sleep(FROZEN_SECONDS - (stage.clock() - began))
    thawed.set()
    stage.operator.send(SIGCONT)
    await stage.proxy.lease_read(2)

    assert [write.status for write in late] == [409]
    assert [write for write in stage.proxy.writes[before:] if write.is_done] == []
    assert stage.flags.places == CLIMB[:3]
    await stage.change(paused=False)
    await stage.until(state="Complete", within=2 * GENEROUS)
    assert stage.flags.places == CLIMB
    epochs = [document["epoch"] for document in stage.flags.documents]
    assert epochs == sorted(epochs)
    assert stage.operator.exits == []


async def test_a_leader_that_is_cut_off_stops_before_the_other_starts(stage: Stage, second: Replica) -> None:
    await stage.create(a_spec(), NAN)
    await following(stage, second)
    await stage.until(phase="alpha")
    await stage.quiet()
    cut = asyncio.Event()

    async def hang(_: object) -> None:
        await cut.wait()

    stage.proxy.before = stage.proxy.read = hang
    asked = await stage.change(phase="disabled")
    await stage.until(state="Disabled")
    last = stage.proxy.done()[-1].at
    cut.set()
    stage.proxy.heal()
    await stage.proxy.lease_read(2)

    assert last < asked < second.proxy.done()[0].at < asked + TAKEN_OVER_WITHIN
    assert stage.proxy.done()[-1].at == last
    assert (await stage.status())["state"] == "Disabled"


async def test_a_deleted_lease_makes_no_second_leader(stage: Stage, second: Replica) -> None:
    await stage.create(a_spec(), NAN)
    await following(stage, second)
    await stage.until(phase="alpha")

    await stage.kube.delete(lease(stage))
    await leads(stage, "operator-1")
    await stage.change(phase="disabled")
    await stage.until(state="Disabled")
    await second.proxy.lease_read(2)

    assert second.proxy.writes == []
    assert second.proxy.renewals == []


async def test_a_lease_of_somebody_who_never_comes_back_is_taken_over(stage: Stage) -> None:
    ghost = {
        "metadata": {"name": "voice-rollout-operator"},
        "spec": {
            "holderIdentity": "ghost",
            "leaseDurationSeconds": 15,
            "leaseTransitions": 7,
            "renewTime": "2126-01-01T00:00:00.000000Z",
        },
    }
    await stage.kube.create(LEASES.format(stage.namespace), ghost)
    await stage.create(a_spec(), NAN)
    await stage.start()
    await stage.proxy.lease_read(1)
    began = stage.clock()

    assert await leads(stage, "operator-1") == 8
    assert stage.clock() - began < TAKEN_OVER_WITHIN
    await stage.until(phase="alpha")
    assert {document["epoch"] for document in stage.flags.documents} == {8}


async def test_an_epoch_is_not_used_again_when_the_lease_was_deleted_while_nobody_ran(stage: Stage) -> None:
    await stage.create(a_spec(), NAN)
    await stage.start()
    await stage.until(phase="alpha")
    await stage.operator.stop(SIGKILL)
    await stage.kube.delete(lease(stage))

    later = await stage.replica("operator-2")
    await stage.start(later)
    await stage.change(phase="disabled")
    await stage.until(state="Disabled")

    assert stage.flags.documents[-1]["epoch"] > 1

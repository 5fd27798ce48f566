"""Rule R9: where nothing happens nothing is written."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from support.manifests import ERROR_RATE, a_spec
from support.prometheus_stub import BAD, GOOD, NAN
from support.stage import Stage, Theatre

LONG = [{"name": "alpha", "steps": [{"percentage": 10, "hold": "72h"}]}]
AT_ALPHA: dict[str, Any] = {"phase": "alpha", "percentage": 10}
WATCHED_SECONDS = 60.0
HEARD_SECONDS = 0.5
"""So late may the stage's gateways be with an answer; after 0.8 s it is missed, and that is written."""


async def complete(stage: Stage) -> None:
    await stage.create(a_spec(phase="alpha"))
    await stage.until(state="Complete")


async def rolled_back(stage: Stage) -> None:
    await stage.create(a_spec(phase="alpha", phases=LONG))
    await stage.until(**AT_ALPHA)
    stage.measure(BAD)
    await stage.until(state="RolledBack")
    stage.measure(GOOD)


async def rolled_back_half_way(stage: Stage) -> None:
    reduce = ERROR_RATE | {"rollback": {"max": 0.05, "level": "PreviousPhase"}}
    analysis = {"interval": "1s", "minSamples": 10, "metrics": [reduce]}
    await stage.create(a_spec(phase="beta", analysis=analysis))
    await stage.until(phase="beta")
    stage.measure(BAD)
    await stage.until(state="RolledBack", phase="alpha")
    stage.measure(GOOD)
    await stage.until(metrics=lambda metrics: metrics[0]["verdict"] == "Good")


async def disabled(stage: Stage) -> None:
    await stage.create(a_spec(phase="disabled"))
    await stage.until(state="Disabled")


async def holding(stage: Stage) -> None:
    await stage.create(a_spec(phase="alpha", phases=LONG))
    await stage.until(state="Holding", **AT_ALPHA)


async def blind(stage: Stage) -> None:
    await stage.create(a_spec(phase="alpha", phases=LONG), NAN)
    await stage.until(state="Holding", **AT_ALPHA)


async def paused(stage: Stage) -> None:
    await stage.create(a_spec(phase="alpha", phases=LONG, paused=True))
    await stage.until(state="Paused")


async def invalid(stage: Stage) -> None:
    await stage.create(a_spec(audience={"allowFrom": ["nowhere"]}))
    await stage.until(state="Invalid")


SETTLED: list[Callable[[Stage], Awaitable[None]]] = [
    complete,
    rolled_back,
    rolled_back_half_way,
    disabled,
    holding,
    blind,
    paused,
    invalid,
]


async def a_minute_passes(stage: Stage) -> tuple[int, int]:
    """Return after one in which the stage was never late with an answer: the writes and renewals before it."""
    while True:
        await stage.quiet(3)
        before, late = (len(stage.proxy.writes), len(stage.proxy.renewals)), stage.clock.late
        await asyncio.sleep(WATCHED_SECONDS)
        if stage.clock.late - late < HEARD_SECONDS:
            return before


@pytest.mark.timeout(600)
async def test_a_minute_in_which_nothing_happens_sees_no_write(theatre: Theatre) -> None:
    async with theatre.stage() as stage:
        gateways = [await stage.gateway("one"), await stage.gateway("two")]
        await stage.start()
        for settle in SETTLED:
            stage.name = settle.__name__.replace("_", "-")
            await settle(stage)
        await stage.quiet(3)
        for gateway in gateways:
            gateway.stuck = True  # it knows every flag, and answers without asking the API server

        before, renewals = await a_minute_passes(stage)

        assert [f"{one.what} {one.body}" for one in stage.proxy.writes[before:]] == []
        assert len(stage.proxy.renewals) - renewals > WATCHED_SECONDS / 4, "it was awake all the time"
        assert stage.operator.exits == []

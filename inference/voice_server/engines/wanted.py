"""Stops what is awaited once nobody wants it: for engines that wait for a program or a network."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from voice_server.engines.base import Job

T = TypeVar("T")
LOOK_EVERY = 0.05


async def while_wanted(job: Job, work: Coroutine[Any, Any, T]) -> T | None:
    """The work's result; None when the job stopped being wanted first: then the work was cancelled and has ended."""
    task = asyncio.create_task(work)
    try:
        while job.is_wanted():
            await asyncio.wait({task}, timeout=LOOK_EVERY)
            if task.done():
                return task.result()
        return None
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

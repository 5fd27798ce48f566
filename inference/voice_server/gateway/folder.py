"""Flags from a folder, for gateways that run without a cluster."""

import asyncio
import logging
from pathlib import Path

from voice_flags import read_mounted
from voice_server.gateway.flags import Flags

log = logging.getLogger(__name__)
_POLL = 1.0


async def follow(flags: Flags, folder: Path) -> None:
    """Keep the flags equal to the folder, read every second, until cancelled."""
    while True:
        try:
            flags.read(read_mounted(folder))
        except OSError as error:
            log.warning("flags cannot be read", extra={"reason": str(error)})
            flags.lost()
        await asyncio.sleep(_POLL)

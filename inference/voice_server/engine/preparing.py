"""Voices made ready before their texts stand in line: nobody else waits for it, and no batch's time counts it."""

import logging

from voice_server.engines.base import NOT_ILL, Engine, PreparesVoices

log = logging.getLogger(__name__)


async def prepared(engine: Engine, voice: str | None) -> None:
    """Return when a text in that voice can be spoken at once; an error of `NOT_ILL` where it never can.

    What fails in another way is met again in the line, where it is dealt with.
    """
    if not isinstance(engine, PreparesVoices):
        return
    try:
        await engine.prepare_voice(voice)
    except Exception as error:
        if voice is not None and isinstance(error, NOT_ILL):
            raise
        log.info("a voice is not prepared", extra={"engine": engine.name, "reason": repr(error)})

"""The gateway under the same hostile requests for speech as an engine, a real engine behind it."""

import asyncio
from pathlib import Path

from support.besieged import MIB, Besieged, speeches
from support.hostile_requests import bodies, requests, unfinished, unheard
from support.hostile_texts import hostile
from support.program import program
from support.voice import between, publish

SENTENCE = "Bom dia a todos."
GROWTH, MOST = 32 * MIB, 256 * MIB
LONGEST = 24
"""Characters of a text that is spoken: what the engine makes of more is the engine's matter."""


async def test_whatever_is_sent_is_answered_with_a_reason_and_harms_nobody(tmp_path: Path) -> None:
    flags = tmp_path / "flags"
    flags.mkdir()
    settings = {"VOICE_FLAGS_PATH": str(flags), "VOICE_DEFAULT_ROLLOUT": "f5-tts"}
    with (
        program("engine", tmp_path / "engine", VOICE_ENGINE="espeak") as engine,
        program("gateway", tmp_path / "gateway", **settings) as gateway,
    ):
        publish(flags, between(engine.url, engine.url))
        await engine.ready()
        await gateway.ready()
        users, engines = Besieged(gateway), Besieged(engine)
        before = await users.says(SENTENCE)
        await asyncio.gather(a_pass(users), users.outlasts([*unfinished(), *unheard()]))
        first = users.memory
        await users.answers(speeches(text[:LONGEST] for text in hostile(LONGEST)))
        await a_pass(users)

        assert users.wrong == {}
        assert users.memory - first < GROWTH
        assert users.most_memory < MOST
        await users.is_well()
        await engines.is_well()
        assert await spoken(users) == (200, before.body)


async def spoken(users: Besieged) -> tuple[int, bytes]:
    answer = await users.says(SENTENCE)
    return answer.status, answer.body


async def a_pass(users: Besieged) -> None:
    await users.answers(bodies())
    await users.answers(requests())

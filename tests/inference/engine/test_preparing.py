"""Voices are made ready beside the line, not in it."""

import asyncio
from dataclasses import dataclass, field

import pytest

from support.engines import ToneEngine, sound_of
from support.voice import Clock, until
from support.workers import ready, say
from voice_server.engine.worker import Spoken, Worker
from voice_server.engines.base import EngineError, OutOfMemoryError, UnusableVoiceError, Utterance


@dataclass
class VoicedEngine(ToneEngine):
    """Prepares a voice as long as it is not allowed to end; `wrong` says what is wrong with some."""

    wrong: dict[str | None, Exception] = field(default_factory=dict)
    prepared: list[str | None] = field(default_factory=list)
    dropped: list[str | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.may_end = asyncio.Event()

    async def prepare_voice(self, voice: str | None) -> None:
        self.prepared.append(voice)
        if error := self.wrong.get(voice):
            raise error
        if voice == "new":
            try:
                await self.may_end.wait()
            except asyncio.CancelledError:
                self.dropped.append(voice)
                raise

    def forget(self, voice: str) -> None:
        """Nothing is kept."""


def saying(known: Worker, text: str, voice: str | None) -> asyncio.Task[list[Spoken]]:
    return asyncio.create_task(known.speak(Utterance(text, voice)))


async def test_while_a_voice_is_made_ready_others_are_spoken_and_no_time_is_counted() -> None:
    engine = VoicedEngine()
    async with ready(engine) as known:
        waiting = saying(known, "patience", "new")
        await until(lambda: "new" in engine.prepared)
        engine.clock.now += 10
        other = await say(known, "other")
        engine.may_end.set()
        [spoken] = await waiting

    assert (other.audio, other.queued) == (sound_of("other"), 0)
    assert (spoken.audio, spoken.queued) == (sound_of("patience"), pytest.approx(10.5))
    assert spoken.inference == pytest.approx(0.8)
    assert engine.batches == [["other"], ["patience"]]


async def test_a_listeners_voice_is_made_ready_once_for_all_pieces_and_also_beside_the_line() -> None:
    engine = VoicedEngine()
    async with ready(engine) as known:
        pieces = [Utterance(text, "new") for text in ("one", "two")]
        listening = asyncio.create_task(_heard(known, *pieces))
        await until(lambda: "new" in engine.prepared)
        await say(known, "other")
        engine.may_end.set()

        assert await listening == [sound_of("one"), sound_of("two")]
    assert engine.batches == [["other"], ["one"], ["two"]]
    assert engine.prepared.count("new") == 1


async def _heard(known: Worker, *pieces: Utterance) -> list[object]:
    return [bit.audio async for bit in known.stream(*pieces) if isinstance(bit, Spoken)]


async def test_a_voice_that_cannot_be_used_stands_in_no_line_and_makes_nobody_ill() -> None:
    engine = VoicedEngine(wrong={"bad": UnusableVoiceError("bad.wav: nobody speaks in it")})
    async with ready(engine) as known:
        for _ in range(10):
            with pytest.raises(UnusableVoiceError):
                await known.speak(Utterance("text", "bad"))

        assert (engine.batches, known.ready) == ([], True)


@pytest.mark.parametrize(
    ("voice", "error"),
    [
        (None, UnusableVoiceError("the engine's own")),
        ("ana", OutOfMemoryError("no memory")),
        ("ana", EngineError("broken")),
        ("ana", RuntimeError("nobody foresaw it")),
    ],
)
async def test_what_the_voice_is_not_to_blame_for_is_left_to_the_line(
    voice: str | None, error: Exception
) -> None:
    async with ready(VoicedEngine(wrong={voice: error})) as known:
        [spoken] = await known.speak(Utterance("text", voice))

    assert spoken.audio == sound_of("text")


async def test_a_voice_that_takes_all_of_a_texts_time_is_a_timeout_and_not_the_engines_failure(
    clock: Clock,
) -> None:
    engine = VoicedEngine()
    async with ready(engine, timeout=30) as known:
        waiting = saying(known, "patience", "new")
        await until(lambda: "new" in engine.prepared)
        clock.put_forward(31)
        with pytest.raises(TimeoutError):
            await waiting

        assert (engine.dropped, engine.batches, known.waiting) == (["new"], [], 0)


async def test_who_leaves_leaves_the_voice_alone() -> None:
    engine = VoicedEngine()
    async with ready(engine) as known:
        waiting = saying(known, "patience", "new")
        await until(lambda: "new" in engine.prepared)
        waiting.cancel()
        await until(lambda: engine.dropped, is_=["new"])

        assert known.waiting == 0

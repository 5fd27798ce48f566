import weakref
from collections.abc import Sequence

import pytest

from support.engines import ToneEngine, sound_of
from voice_server import metrics
from voice_server.audio.pcm import Audio
from voice_server.engine.device import Device, Outcome, Task, UnforeseenError
from voice_server.engine.metrics import EngineMetrics
from voice_server.engines.base import (
    Answer,
    DeviceLostError,
    EngineError,
    Job,
    OutOfMemoryError,
    OverloadedError,
    TextError,
    Utterance,
)


def a_device(engine: ToneEngine) -> Device:
    return Device(engine, EngineMetrics(metrics.new_registry(), "", ""), engine.clock)


class Tensor:
    """Something large."""


class HoardingEngine(ToneEngine):
    """Runs out of memory once, as PyTorch does: the error's traceback holds on to what was being computed."""

    def __init__(self, held: list[weakref.ref[Tensor]]) -> None:
        super().__init__()
        self.held = held
        self.alive_at_relief: list[bool] = []

    async def synthesise(self, batch: Sequence[Job], tier: int) -> Sequence[Answer]:
        if not self.held:
            self._forward()
        return await super().synthesise(batch, tier)

    def _forward(self) -> None:
        tensor = Tensor()
        self.held.append(weakref.ref(tensor))
        raise OutOfMemoryError("no memory") from RuntimeError("CUDA out of memory")

    def relieve(self) -> bool:
        self.alive_at_relief.append(self.held[0]() is not None)
        return True


def ooms(device: Device) -> float:
    return float(device._figures.out_of_memory._value.get())


async def spoken(device: Device, *texts: str, tier: int = 0) -> list[Outcome]:
    tasks = [Task(Job(Utterance(text), lambda: True), len(text)) for text in texts]
    return await device.speak(tasks, tier)


async def test_each_text_of_a_batch_gets_its_own_sound_and_its_share_of_the_work() -> None:
    device = a_device(ToneEngine(largest_batch=5))
    outcomes = await spoken(device, "a", "bbb")

    assert [each.answer for each in outcomes] == [sound_of("a"), sound_of("bbb")]
    assert [each.seconds for each in outcomes] == pytest.approx([0.1, 0.3])
    assert device.pace.seconds(10, 0) == pytest.approx(1)


async def test_freed_caches_may_be_enough() -> None:
    engine = ToneEngine(largest_batch=2, fits=3, reliefs=[1])
    outcomes = await spoken(device := a_device(engine), "aa", "bb")

    assert [each.answer for each in outcomes] == [sound_of("aa"), sound_of("bb")]
    assert (engine.batches, ooms(device)) == ([["aa", "bb"]] * 2, 1)


async def test_then_the_batch_is_halved_until_it_fits_and_the_next_is_made_no_larger() -> None:
    engine = ToneEngine(largest_batch=4, fits=2)
    outcomes = await spoken(device := a_device(engine), "a1", "b1", "c1", "d1")

    assert [each.answer for each in outcomes] == [sound_of(text) for text in ("a1", "b1", "c1", "d1")]
    assert engine.batches[1:] == [["a1", "b1"], ["a1"], ["b1"], ["c1", "d1"], ["c1"], ["d1"]]
    assert device.room.work < 4


async def test_then_the_tier_is_lowered_and_at_last_speed_is_given_up() -> None:
    engine = ToneEngine(cost=(0.4, 0.1), fits=2, reliefs=[0.5, 0.5, 9])
    [outcome] = await spoken(a_device(engine), "long")

    assert (outcome.answer, outcome.tier) == (sound_of("long", 1), 1)
    assert engine.at_tiers == [0, 0, 1, 1, 1]


async def test_when_nothing_is_left_to_give_that_is_said_of_what_did_not_fit_only() -> None:
    engine = ToneEngine(largest_batch=2, fits=3)
    [fits, does_not] = await spoken(a_device(engine), "abc", "abcd")

    assert fits.answer == sound_of("abc")
    assert isinstance(does_not.answer, OutOfMemoryError)


@pytest.mark.parametrize("fault", [EngineError("torn"), ValueError("surprise")])
async def test_what_breaks_a_batch_breaks_itself_only(fault: Exception) -> None:
    engine = ToneEngine(largest_batch=3, faults={"bad": lambda: fault})
    outcomes = await spoken(a_device(engine), "one", "bad", "two")

    assert [outcomes[0].answer, outcomes[2].answer] == [sound_of("one"), sound_of("two")]
    assert isinstance(outcomes[1].answer, EngineError)
    assert isinstance(outcomes[1].answer, UnforeseenError) == isinstance(fault, ValueError)


async def test_what_did_not_fit_is_let_go_before_less_is_tried() -> None:
    held: list[weakref.ref[Tensor]] = []
    engine = HoardingEngine(held)
    [outcome] = await spoken(a_device(engine), "text")

    assert outcome.answer == sound_of("text")
    assert engine.alive_at_relief == [False]


async def test_a_work_that_cannot_be_told_is_the_engines_fault_and_none_is_never_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    device = a_device(ToneEngine())
    nothing = device.work(Utterance(""))
    monkeypatch.setattr(ToneEngine, "work", lambda _, utterance: {}[utterance.text])

    assert nothing > 0
    with pytest.raises(UnforeseenError):
        device.work(Utterance("x"))


async def test_a_provider_that_takes_no_more_is_not_asked_again_for_each_of_the_batch() -> None:
    engine = ToneEngine(largest_batch=2, faults={"b": lambda: OverloadedError("quota", 7)})
    outcomes = await spoken(a_device(engine), "a", "b")

    assert [type(each.answer) for each in outcomes] == [OverloadedError] * 2
    assert len(engine.batches) == 1


async def test_a_lost_device_is_nobodys_to_repair() -> None:
    with pytest.raises(DeviceLostError):
        await spoken(a_device(ToneEngine(faults={"x": lambda: DeviceLostError("gone")})), "x")


async def test_a_lost_device_is_lost_even_as_the_answer_to_one_text() -> None:
    engine = ToneEngine(largest_batch=2, answers={"b": lambda: DeviceLostError("gone")})

    with pytest.raises(DeviceLostError):
        await spoken(a_device(engine), "a", "b")


async def test_a_lack_of_memory_for_one_text_is_cured_as_for_all() -> None:
    lacks = iter([OutOfMemoryError("a voice did not fit"), OutOfMemoryError("again"), None])
    answers = {"b": lambda: next(lacks) or EngineError("spoken")}
    engine = ToneEngine(largest_batch=2, answers=answers, reliefs=[0.0])
    outcomes = await spoken(device := a_device(engine), "a", "b")

    assert outcomes[0].answer == sound_of("a")
    assert str(outcomes[1].answer) == "spoken"
    assert ooms(device) == 2


async def test_a_refused_text_is_an_answer_and_no_measure_of_the_pace() -> None:
    device = a_device(ToneEngine())
    [outcome] = await spoken(device, "mute")

    assert isinstance(outcome.answer, TextError)
    assert device.pace.seconds(1, 0) == 0


async def test_after_the_warm_up_its_pace_is_known() -> None:
    device = a_device(ToneEngine(cost=(0.2,)))
    await device.warm_up(Utterance("olá"))

    assert device.pace.seconds(10, 0) == pytest.approx(2)


async def test_it_is_alive_while_what_it_does_is_within_its_time() -> None:
    engine = ToneEngine()
    device = a_device(engine)
    with device.within(5):
        engine.clock.now = 4.9
        alive = [device.alive]
        engine.clock.now = 5.1
        alive.append(device.alive)

    assert [*alive, device.alive] == [True, False, True]
    assert isinstance((await spoken(device, "a"))[0].answer, Audio)

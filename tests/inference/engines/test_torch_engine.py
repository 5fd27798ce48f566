import torch

from voice_server.engines.torch_engine import TorchEngine


async def test_a_card_gives_back_one_thing_after_the_other_until_nothing_is_left() -> None:
    engine, moved = TorchEngine("test"), list[str]()
    engine._loaded_on(torch.device("cuda"), lambda: moved.append("vocoder"), lambda: moved.append("all"))

    given = []
    while engine.relieve():
        given.append(list(await engine._thread.run(lambda: moved)))

    assert given == [[], ["vocoder"], ["vocoder", "all"]]


def test_a_cpu_has_nothing_to_give_back() -> None:
    engine = TorchEngine("test")
    engine._loaded_on(torch.device("cpu"), lambda: None)

    assert (engine.relieve(), engine.vram()) == (False, (0, 0))

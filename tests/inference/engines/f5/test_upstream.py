"""The reference runtime: f5-tts's own code, chosen by F5_RUNTIME, says what ours says."""

import socket
import sys
import time
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
import torch

from support import checkpoints
from support.f5 import TINY_V1, a_request, random_weights, said
from support.f5_model import SIZE, a_model
from support.sounds import speech
from support.voice import serving, until
from voice_server.engine.app import create_app
from voice_server.engines import load
from voice_server.engines.base import EngineError
from voice_server.engines.f5 import runtime
from voice_server.engines.f5.checkpoint import Checkpoint
from voice_server.engines.f5.model import LONGEST
from voice_server.engines.f5.runtime import Runtime
from voice_server.engines.f5.sampler import RequestError
from voice_server.engines.f5.settings import F5Settings
from voice_server.engines.f5.upstream import Upstream
from voice_server.engines.f5.verification import verify
from voice_server.engines.f5.weights import Weights
from voice_server.serving import Drain
from voice_server.settings import EngineSettings, SettingsError

TWO_HEADS = replace(SIZE, dim=128, heads=2, dim_head=64)
"""With a single one the two architectures would see positions alike."""
SAID, TEXT = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5], [8, 9, 7, 9, 3, 2, 3]


@pytest.fixture(scope="module", params=["v0", "v1"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = a_model(tmp_path_factory.mktemp("f5"), architecture=request.param)
    checkpoints.write(folder / "model.safetensors", checkpoints.of(random_weights(TWO_HEADS)))
    return folder


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("somebody called the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def chosen(folder: Path, name: str) -> Runtime:
    settings = F5Settings.read({"VOICE_MODEL_PATH": str(folder), "F5_RUNTIME": name})
    return runtime.load(verify(folder / "model.safetensors"), settings, torch.device("cpu"))


def an_upstream() -> Upstream:
    return Upstream(random_weights(TINY_V1), TINY_V1)


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("steps", [16, 5])
def test_it_says_what_ours_says_with_the_same_text_voice_and_noise(folder: Path, steps: int) -> None:
    sound = torch.tensor(speech())
    ours, theirs = chosen(folder, "lean"), chosen(folder, "upstream")
    voices = ours.learn(sound, SAID), theirs.learn(sound, SAID)

    torch.testing.assert_close(voices[0].mel, voices[1].mel, atol=1e-4, rtol=0)
    spoken = [
        said(each.speak([a_request(voice, tokens=TEXT)], steps))
        for each, voice in zip((ours, theirs), voices, strict=True)
    ]
    torch.testing.assert_close(*spoken, atol=1e-4, rtol=0)


def test_requests_are_spoken_one_after_the_other_and_asked_for_before_they_begin() -> None:
    upstream = an_upstream()
    voice = upstream.learn(torch.tensor(speech()), SAID)
    first, second = a_request(voice, seed=1), a_request(voice, seed=2, tokens=TEXT)

    alone, none, last = upstream.speak([first, replace(second, is_wanted=lambda: False), second], 5)

    assert none is None
    torch.testing.assert_close(alone, said(upstream.speak([first], 5)))
    torch.testing.assert_close(last, said(upstream.speak([second], 5)))


def test_a_text_that_failed_is_not_spoken_by_the_next_request() -> None:
    upstream = an_upstream()
    request = a_request(upstream.learn(torch.tensor(speech()), SAID), tokens=TEXT)
    expected = said(upstream.speak([request], 5))

    def fail(*_: object) -> None:
        raise RuntimeError("out of memory")

    hook = upstream._model.transformer.proj_out.register_forward_pre_hook(fail)
    with pytest.raises(RuntimeError, match="out of memory"):
        upstream.speak([replace(request, tokens=[1, 1, 1, 1, 1, 1, 1])], 5)
    hook.remove()

    torch.testing.assert_close(said(upstream.speak([request], 5)), expected)


def test_what_it_cannot_speak_is_refused_as_ours_refuses_it() -> None:
    upstream = an_upstream()
    voice = upstream.learn(torch.tensor(speech()), SAID)

    with pytest.raises(RequestError, match="too many; write a text"):
        upstream.speak([a_request(voice, frames=LONGEST)], 5)
    with pytest.raises(RequestError, match="outside of the vocabulary"):
        upstream.learn(torch.tensor(speech()), [TINY_V1.text_num_embeds])


def test_weights_in_half_the_size_are_read_as_ours_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    halves = {name: tensor.half() for name, tensor in random_weights(TINY_V1).items()}
    checkpoints.write(path, checkpoints.of(halves))

    upstream = Upstream(Weights(Checkpoint.open(path)), TINY_V1)

    assert {each.dtype for each in upstream._model.parameters()} == {torch.float32}


def test_a_network_that_only_ours_has_is_refused() -> None:
    wider = replace(TINY_V1, conv_mult=3)

    with pytest.raises(EngineError, match="F5_RUNTIME: f5-tts has no such network"):
        Upstream(random_weights(wider), wider)


async def test_the_engine_speaks_with_it_over_http_and_says_so(folder: Path) -> None:
    environment = {
        "VOICE_MODEL_PATH": str(folder),
        "F5_NFE": "5",
        "F5_RUNTIME": "upstream",
        "VOICE_PORT": "1",
        "VOICE_SYNTHESIS_TIMEOUT_SECONDS": "600",
    }
    settings = EngineSettings.read(environment)
    app = create_app(load("f5", environment), settings, Drain(), time.monotonic)

    async with serving(app) as url, aiohttp.ClientSession(url) as client:
        await until(lambda: is_ready(client))
        async with client.post("/v1/audio/speech", json={"input": "Olá", "voice": "ana"}) as answer:
            told = [answer.headers.get(each) for each in ("X-Engine", "X-Quality-Tier", "Content-Type")]
            assert (answer.status, told) == (200, ["f5-upstream", "5", "audio/wav"])
            assert (await answer.read()).startswith(b"RIFF")
        async with client.get("/v1/models") as answer:
            assert [each["id"] for each in (await answer.json())["data"]] == ["f5-upstream"]


async def is_ready(client: aiohttp.ClientSession) -> bool:
    async with client.get("/readiness") as answer:
        return answer.status == 200


def test_it_speaks_one_text_at_a_time(folder: Path) -> None:
    batches = [
        load("f5", {"VOICE_MODEL_PATH": str(folder), "F5_RUNTIME": name}).largest_batch
        for name in ("upstream", "lean")
    ]

    assert batches == [1, 5]


async def test_without_its_package_it_says_what_to_install_and_ours_speaks_all_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [each for each in sys.modules if each.partition(".")[0] == "f5_tts"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "f5_tts", None)
    environment = {"VOICE_MODEL_PATH": str(folder), "F5_NFE": "5"}

    with pytest.raises(
        SettingsError, match=r"F5_RUNTIME: upstream needs f5_tts.*voice-rollout\[f5-upstream\]"
    ):
        load("f5", environment | {"F5_RUNTIME": "upstream"})
    with pytest.raises(EngineError, match=r"install voice-rollout\[f5-upstream\], or write lean"):
        an_upstream()
    await load("f5", environment).warm_up()

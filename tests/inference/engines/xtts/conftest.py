from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from TTS.tts.models.xtts import Xtts as Upstream

from support.xtts import a_checkpoint, environment
from voice_server.engines.xtts import checkpoint, rendering
from voice_server.engines.xtts.checkpoint import Model
from voice_server.engines.xtts.config import Sampling
from voice_server.engines.xtts.engine import Xtts, create
from voice_server.engines.xtts.speech import Studio

GREEDY = Sampling(temperature=0, repetition_penalty=10.0)


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("xtts")


@pytest.fixture(scope="session")
def upstream(folder: Path) -> Upstream:
    return a_checkpoint(folder)


@pytest.fixture(scope="session")
def model(folder: Path, upstream: Upstream) -> Model:
    return checkpoint.load(folder, torch.device("cpu"))


@pytest.fixture(scope="session")
def studio(model: Model) -> Studio:
    """Always says the likeliest."""
    return Studio(model, GREEDY)


@pytest.fixture
async def engine(folder: Path, upstream: Upstream) -> Xtts:
    """Warm; its configuration takes the likeliest token always."""
    engine = create(environment(folder))
    await engine.warm_up()
    return engine


@pytest.fixture
def in_small_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever listens hears more of less."""
    monkeypatch.setattr(rendering, "FIRST_CHUNK", 6)
    monkeypatch.setattr(rendering, "CHUNK", 9)

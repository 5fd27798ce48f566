"""A folder that the engine serves, made once a module, and a copy of it for each test that changes it."""

import shutil
from pathlib import Path

import pytest

from support.f5_model import a_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_model(tmp_path_factory.mktemp("f5"))


@pytest.fixture
def folder(model: Path, tmp_path: Path) -> Path:
    """A copy to be changed."""
    return shutil.copytree(model, tmp_path / "model")

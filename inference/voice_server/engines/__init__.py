"""The engines by name. Each lives in its own module, imported only when it is the chosen one."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import cast

from voice_server.engines.base import Engine

ENGINES = {"espeak": "voice_server.engines.espeak"}


def load(name: str, environment: Mapping[str, str]) -> Engine:
    """The engine `name`, set up from the environment; ValueError when there is none of that name."""
    if name not in ENGINES:
        raise ValueError(f"VOICE_ENGINE: there is no engine {name!r}; write one of {', '.join(sorted(ENGINES))}")
    create = cast("Callable[[Mapping[str, str]], Engine]", import_module(ENGINES[name]).create)
    return create(environment)

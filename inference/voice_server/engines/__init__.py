"""The engines by name. Each lives in its own module, imported only when it is the chosen one."""

from importlib import import_module
from typing import cast

from voice_server.engines.base import Engine
from voice_server.settings import Environment, SettingsError

ENGINES = {
    "espeak": "voice_server.engines.espeak",
    "f5": "voice_server.engines.f5.engine",
    "google": "voice_server.engines.google.engine",
    "xtts": "voice_server.engines.xtts.engine",
}


def load(name: str, environment: Environment) -> Engine:
    """The engine `name`, set up from the environment; SettingsError when there is none of that name, or not here."""
    if name not in ENGINES:
        raise SettingsError(
            f"VOICE_ENGINE: there is no engine {name!r}; write one of {', '.join(sorted(ENGINES))}"
        )
    try:
        module = import_module(ENGINES[name])
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"VOICE_ENGINE: {name} needs {error.name}, which is not installed here; "
            f"take the image of that engine, or install voice-rollout[{name}]"
        ) from error
    return cast("Engine", module.create(environment))

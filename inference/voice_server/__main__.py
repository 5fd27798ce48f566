"""The program `voice-server`: the gateway, or one engine."""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from voice_server import logs, serving
from voice_server.settings import ConfigMapSource, EngineSettings, GatewaySettings, SettingsError

if TYPE_CHECKING:
    from voice_server.gateway.app import Follow


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="voice-server", description="Speech over HTTP, set up by VOICE_* variables."
    )
    parser.add_argument("role", choices=_ROLES, help="gateway: routes users to engines; engine: speaks")
    role = parser.parse_args().role
    logs.configure()
    try:
        _ROLES[role]()
    except SettingsError as error:
        sys.exit(f"voice-server {role}: {error}")


def _gateway() -> None:
    from voice_server.gateway.app import create_app

    settings = GatewaySettings.read(os.environ)
    follow = _follow(settings.flags)
    serving.run(lambda drain: create_app(settings, follow, drain, time.monotonic), settings.serving)


def _follow(source: ConfigMapSource | Path) -> "Follow":
    if isinstance(source, Path):
        from voice_server.gateway import folder

        return lambda flags: folder.follow(flags, source)

    from voice_server.gateway.watch import ConfigMapWatch

    return lambda flags: ConfigMapWatch(flags, source).follow()


def _engine() -> None:
    from voice_server import engines
    from voice_server.engine.app import run

    settings = EngineSettings.read(os.environ)
    run(engines.load(settings.engine, os.environ), settings)


_ROLES = {"gateway": _gateway, "engine": _engine}

if __name__ == "__main__":
    main()

"""The program `voice-server`: the gateway, or one engine."""

import argparse
import os
import sys
import time

from voice_server import logs, serving
from voice_server.settings import EngineSettings, GatewaySettings, SettingsError


def main() -> None:
    parser = argparse.ArgumentParser(prog="voice-server", description="Speech over HTTP, set up by VOICE_* variables.")
    parser.add_argument("role", choices=_ROLES, help="gateway: routes users to engines; engine: speaks")
    role = parser.parse_args().role
    logs.configure()
    try:
        _ROLES[role]()
    except SettingsError as error:
        sys.exit(f"voice-server {role}: {error}")


def _gateway() -> None:
    from voice_server.gateway.app import create_app  # noqa: PLC0415

    settings = GatewaySettings.read(os.environ)
    serving.run(lambda drain: create_app(settings, drain, time.monotonic), settings.serving)


def _engine() -> None:
    from voice_server import engines  # noqa: PLC0415
    from voice_server.engine.app import create_app  # noqa: PLC0415

    settings = EngineSettings.read(os.environ)
    engine = engines.load(settings.engine, os.environ)
    serving.run(lambda drain: create_app(engine, settings, drain, time.monotonic), settings.serving)


_ROLES = {"gateway": _gateway, "engine": _engine}

if __name__ == "__main__":
    main()

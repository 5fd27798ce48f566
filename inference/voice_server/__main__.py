"""The program `voice-server`: the gateway, one engine, or a look at a model's file."""

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
    arguments = _parser().parse_args()
    if arguments.role == "model":
        sys.exit(_model(arguments))
    logs.configure()
    try:
        _ROLES[arguments.role]()
    except SettingsError as error:
        sys.exit(f"voice-server {arguments.role}: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="voice-server", description="Speech over HTTP, set up by VOICE_* variables."
    )
    roles = parser.add_subparsers(dest="role", required=True)
    roles.add_parser("gateway", help="routes users to engines")
    roles.add_parser("engine", help="speaks")
    tasks = roles.add_parser("model", help="looks at the weights of F5-TTS").add_subparsers(
        dest="task", required=True
    )
    for name, promise in (
        ("inspect", "print what the file's header and what is beside it tell, in a second"),
        ("verify", "do all that a pod does before it serves the file, and read every value"),
    ):
        task = tasks.add_parser(name, help=promise, description=promise)
        task.add_argument(
            "file", type=Path, help="a .safetensors file; what is declared of it is in FILE.json"
        )
        task.add_argument("-o", "--output", choices=("text", "json"), default="text")
    return parser


def _model(arguments: argparse.Namespace) -> int:
    try:
        from voice_server.engines.f5 import command
    except ModuleNotFoundError as error:
        sys.exit(f"voice-server model: {error.name} is not installed; run it in the image of the engine f5")
    task = command.show if arguments.task == "inspect" else command.check
    return task(arguments.file, arguments.output)


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

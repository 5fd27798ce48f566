"""The program: `voice-rollout operator` runs the operator, `voice-rollout crds` prints the resource definition."""

import argparse
import sys

from voice_rollout.api import crd


def main(argv: list[str] | None = None) -> int:
    """Run one command; exit codes are 0 good, 1 error, 2 usage."""
    parser = argparse.ArgumentParser(prog="voice-rollout", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("operator", help="run the operator; settings come from VOICE_* variables")
    commands.add_parser("crds", help="print the CustomResourceDefinition")
    arguments = parser.parse_args(argv)
    if arguments.command == "crds":
        sys.stdout.write(crd.render())
        return 0
    from voice_rollout.handlers.process import run  # noqa: PLC0415 - printing a CRD needs no kopf

    return run()


if __name__ == "__main__":
    sys.exit(main())

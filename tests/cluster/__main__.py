"""Start, stop and use a local Kubernetes: `python3 -m cluster up`."""

import argparse
import os
import subprocess
import sys

from cluster import packages, programs
from cluster.cluster import Cluster
from cluster.images import ENGINES, PARTS, build_all
from cluster.install import install as install_chart
from cluster.progress import timed

USAGE = """
the cluster {name} is up. Inside its network, with KUBECONFIG, kubectl and helm:
  tests/cluster/enter kubectl get pods -A
  tests/cluster/enter bash
Prometheus answers there at http://198.51.100.1:9090, Redis at 198.51.100.1:6379."""


def main() -> int:
    options = arguments()
    cluster = Cluster(options.name, timed())
    try:
        return int(options.run(cluster, options))
    except (RuntimeError, TimeoutError) as error:
        print(f"{options.name}: {error}", file=sys.stderr)
        return 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="cluster", description=__doc__)
    name = os.environ.get("VOICE_CLUSTER", "dev")
    parser.add_argument("--name", default=name, help="several clusters can run beside each other")
    commands = parser.add_subparsers(required=True)
    for run, words in (
        (up, "start it"),
        (down, "remove it"),
        (status, "tell whether it is up"),
        (prepare, "install and build everything that it and the tests need, and start nothing"),
        (install, "start it, and install the product from this checkout"),
    ):
        commands.add_parser(run.__name__, help=words).set_defaults(run=run)
    building = commands.add_parser(
        "images", help="build the images of an installation, or of these engines; load them when it is up"
    )
    building.add_argument("engines", nargs="*", metavar="ENGINE", help="f5, google or xtts")
    building.set_defaults(run=images)
    inside = commands.add_parser("enter", help="run a command in its network")
    inside.add_argument("command", nargs=argparse.REMAINDER)
    inside.set_defaults(run=enter)
    return parser.parse_args()


def up(cluster: Cluster, _options: argparse.Namespace) -> int:
    cluster.up()
    print(USAGE.format(name=cluster.name))
    return 0


def down(cluster: Cluster, _options: argparse.Namespace) -> int:
    cluster.down()
    cluster.say(f"nothing is left of the cluster {cluster.name}")
    return 0


def status(cluster: Cluster, _options: argparse.Namespace) -> int:
    trouble = cluster.trouble()
    for name in cluster.components:
        print(f"{name:24} {cluster.pid(name) or 'not running'}")
    print(trouble or f"the cluster {cluster.name} is up")
    return 1 if trouble else 0


def images(cluster: Cluster, options: argparse.Namespace) -> int:
    running = cluster.network.path.exists()
    parts = [f"inference-{engine}" for engine in options.engines]
    if unknown := set(parts) - set(ENGINES):
        raise RuntimeError(f"no image is called {', '.join(sorted(unknown))}; they are {', '.join(ENGINES)}")
    for image in build_all(cluster.say, parts or PARTS):
        if running:
            cluster.load(image)
        print(image.name)
    return 0


def install(cluster: Cluster, _options: argparse.Namespace) -> int:
    cluster.up()
    install_chart(cluster, build_all(cluster.say))
    return 0


def prepare(cluster: Cluster, _options: argparse.Namespace) -> int:
    packages.require(packages.NODE | packages.IMAGES | packages.ENGINES, cluster.say)
    programs.folder()
    build_all(cluster.say, (*PARTS, *ENGINES))
    return 0


def enter(cluster: Cluster, options: argparse.Namespace) -> int:
    if not cluster.network.path.exists():
        raise RuntimeError("the cluster is not up; `make cluster` starts it")
    command = [*cluster.enter_argv, *(options.command or ["bash"])]
    return subprocess.run(command, env=cluster.environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

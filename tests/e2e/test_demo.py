"""What the README promises a newcomer."""

import subprocess
import sys

import pytest

from cluster.cluster import Cluster

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]


def test_the_demo_keeps_every_promise(installed: Cluster) -> None:
    command = [*installed.enter_argv, sys.executable, "-m", "demo"]
    done = subprocess.run(command, env=installed.environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_the_charts_own_test_speaks(installed: Cluster) -> None:
    command = [*installed.enter_argv, "helm", "test", "voice-rollout", "--namespace=voice"]
    done = subprocess.run(command, env=installed.environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr

"""Control groups are read and removed while the kernel and containerd change them."""

import os
import subprocess
import threading
from collections.abc import Iterator

import pytest

from cluster.cgroup import Cgroup, hierarchies, tracking_hierarchy

pytestmark = pytest.mark.cluster


@pytest.fixture
def group() -> Iterator[Cgroup]:
    own = Cgroup(f"voice-rollout-cgroup-{os.getpid()}")
    own.create()
    yield own
    own.kill()
    own.remove()


def test_groups_that_go_while_they_are_read_are_left_out(group: Cgroup) -> None:
    pod = tracking_hierarchy() / group.name / "pod"
    ended = threading.Event()

    def come_and_go() -> None:
        while not ended.is_set():
            (pod / "container").mkdir(parents=True)
            (pod / "container").rmdir()
            pod.rmdir()

    churn = threading.Thread(target=come_and_go)
    churn.start()
    try:
        assert [group.pids() for _ in range(500)] == [set()] * 500
    finally:
        ended.set()
        churn.join()


def test_a_group_is_removed_with_what_lies_below_and_twice(group: Cgroup) -> None:
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        group.adopt(sleeper.pid)
        assert group.pids() == {sleeper.pid}
        group.kill()
    group.remove()
    group.remove()
    assert not [hierarchy for hierarchy in hierarchies() if (hierarchy / group.name).exists()]

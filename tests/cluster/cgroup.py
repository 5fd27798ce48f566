"""The kernel's own list of what belongs to a cluster: everything in its control group, pods included."""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cluster.progress import wait_for

V2_CONTROLLERS = "+cpu +cpuset +io +memory +pids"


@dataclass(frozen=True)
class Cgroup:
    """The control group `/<name>` in every hierarchy of this machine, version 1 or 2."""

    name: str

    def create(self) -> None:
        """Make the group, ready to be the kubelet's cgroupRoot."""
        for hierarchy in hierarchies():
            if (hierarchy / "cgroup.controllers").exists():
                enable_controllers(hierarchy)
            (hierarchy / self.name / "daemons").mkdir(parents=True, exist_ok=True)

    def adopt(self, pid: int) -> None:
        """Count a process, and all it will start, to this group."""
        (tracking_hierarchy() / self.name / "daemons" / "cgroup.procs").write_text(str(pid))

    def pids(self, below: str = "") -> set[int]:
        """The processes in the group, or in the part of it named."""
        found: set[int] = set()
        for hierarchy in hierarchies():
            for group in groups_of(hierarchy / self.name / below):
                found.update(read_pids(group / "cgroup.procs"))
        return found

    def kill(self, below: str = "") -> None:
        """End every process in the group, or in the part of it named, with SIGKILL."""

        def none_left() -> bool:
            left = self.pids(below)
            for pid in left:
                _kill(pid)
            return not left

        wait_for(f"the processes of {self.name} to end", none_left, seconds=60)

    def remove(self) -> None:
        """Remove the group; its processes must have ended."""

        def removed() -> bool:
            left = [group for hierarchy in hierarchies() for group in groups_of(hierarchy / self.name)]
            return all(_remove(group) for group in reversed(left))

        wait_for(f"the control groups of {self.name} to go", removed, seconds=60)


def hierarchies() -> Iterator[Path]:
    for line in Path("/proc/mounts").read_text().splitlines():
        _, path, kind, *_ = line.split()
        if kind in {"cgroup", "cgroup2"}:
            yield Path(path)


def groups_of(group: Path) -> list[Path]:
    """A group and all below it, parents first; one that goes while it is looked at is left out."""
    return [Path(path) for path, _, _ in os.walk(group)]


def tracking_hierarchy() -> Path:
    """The hierarchy in which processes are counted: pids where they are apart, else the only one."""
    found = list(hierarchies())
    return next((path for path in found if path.name == "pids"), found[0])


def enable_controllers(hierarchy: Path) -> None:
    offered = (hierarchy / "cgroup.controllers").read_text().split()
    wanted = [name for name in V2_CONTROLLERS.split() if name[1:] in offered]
    (hierarchy / "cgroup.subtree_control").write_text(" ".join(wanted))


def read_pids(procs: Path) -> set[int]:
    try:
        return {int(line) for line in procs.read_text().split()}
    except OSError:
        return set()


def _remove(group: Path) -> bool:
    """Whether the group is gone: the kernel keeps one whose last process is still being buried."""
    try:
        group.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return

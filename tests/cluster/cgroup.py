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
            for procs in (hierarchy / self.name / below).rglob("cgroup.procs"):
                found.update(read_pids(procs))
        return found

    def kill(self, below: str = "") -> None:
        """End every process in the group, or in the part of it named, with SIGKILL."""

        def none_left() -> bool:
            left = self.pids(below)
            for pid in left:
                _kill(pid)
            return not left

        wait_for(f"the processes of {self.name} to end", none_left, seconds=20)

    def remove(self) -> None:
        """Remove the group; its processes must have ended."""
        for hierarchy in hierarchies():
            groups = [path for path in (hierarchy / self.name).rglob("*") if path.is_dir()]
            for group in sorted(groups, key=lambda path: len(path.parts), reverse=True):
                group.rmdir()
            if (hierarchy / self.name).exists():
                (hierarchy / self.name).rmdir()


def hierarchies() -> Iterator[Path]:
    for line in Path("/proc/mounts").read_text().splitlines():
        _, path, kind, *_ = line.split()
        if kind in {"cgroup", "cgroup2"}:
            yield Path(path)


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


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return

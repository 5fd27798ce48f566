"""Long-running programs, recorded on disk so that any later run can find them and stop nothing else."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals

from cluster import packages
from cluster.cgroup import Cgroup
from cluster.progress import wait_for

BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Record:
    """One started program. Its birth tells it from a later process that was given the same id."""

    pid: int
    birth: str

    @property
    def is_alive(self) -> bool:
        return self.birth != "" and birth(self.pid) == self.birth


@dataclass(frozen=True)
class Processes:
    """The programs of one cluster, by name. Records and logs lie in `folder`."""

    folder: Path
    enter: Sequence[str] = ()
    cgroup: Cgroup | None = None

    def start(self, name: str, argv: Sequence[str]) -> None:
        """Run `argv` unless `name` runs already; its output is appended to <folder>/logs/<name>.log."""
        if self.pid(name) is not None:
            return
        log = self.log(name)
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [*self.enter, *argv]
        pid = os.posix_spawnp(
            command[0],
            command,
            {**os.environ, "PATH": packages.PATH},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
        )
        self._record_path(name).parent.mkdir(parents=True, exist_ok=True)
        self._record_path(name).write_text(json.dumps({"pid": pid, "birth": birth(pid)}))
        if self.cgroup:
            self.cgroup.adopt(pid)

    def pid(self, name: str) -> int | None:
        """The process id of `name`, or None when it does not run."""
        record = self._record(name)
        return record.pid if record and record.is_alive else None

    def signal(self, name: str, number: Signals) -> None:
        """Send a signal to `name`; nothing happens when it does not run."""
        pid = self.pid(name)
        if pid is not None:
            os.kill(pid, number)

    def stop(self, name: str, number: Signals = SIGTERM, *, patience: float = 5) -> None:
        """End `name` with the signal given, and with SIGKILL when it still runs `patience` seconds later."""
        self.signal(name, number)
        try:
            wait_for(f"{name} to end", lambda: self.pid(name) is None, seconds=patience, every=0.02)
        except TimeoutError:
            self.signal(name, SIGKILL)
            wait_for(f"{name} to be killed", lambda: self.pid(name) is None, seconds=10, every=0.02)
        self._record_path(name).unlink(missing_ok=True)

    def stop_all(self) -> None:
        """End everything on record: the youngest first, each given its time."""
        records = sorted((self.folder / "run").glob("*.json"), key=lambda path: path.stat().st_mtime)
        for path in reversed(records):
            self.stop(path.stem)

    def log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"

    def last_words(self, name: str, size: int = 2000) -> str:
        """The end of a program's log, for an error message."""
        log = self.log(name)
        return log.read_text(errors="replace")[-size:] if log.exists() else "(no log)"

    def _record_path(self, name: str) -> Path:
        return self.folder / "run" / f"{name}.json"

    def _record(self, name: str) -> Record | None:
        try:
            return Record(**json.loads(self._record_path(name).read_text()))
        except (FileNotFoundError, json.JSONDecodeError):
            return None


def birth(pid: int) -> str:
    """When a process began, unique over reboots; empty when there is none or it has ended."""
    _bury(pid)
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    state, *fields = stat.rpartition(") ")[2].split()
    return "" if state in "ZX" else f"{BOOT.read_text().strip()}/{fields[18]}"


def _bury(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return

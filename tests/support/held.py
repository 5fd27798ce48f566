"""What a process holds, as the kernel tells it."""

from contextlib import suppress
from pathlib import Path


def children(pid: int | str = "self") -> set[str]:
    """The ids of the processes that it started and that are still there."""
    found: set[str] = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has ended meanwhile
            found |= set(task.read_text().split())
    return found


def own(pid: int | str = "self") -> int:
    """Bytes that it took for itself, in memory or swapped out: whoever else needs memory does not change them."""
    return _bytes(pid, "RssAnon") + _bytes(pid, "VmSwap")


def most_resident(pid: int | str = "self") -> int:
    """The most bytes in memory that it ever had, or since its /proc/PID/clear_refs was told 5."""
    return _bytes(pid, "VmHWM")


def _bytes(pid: int | str, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024

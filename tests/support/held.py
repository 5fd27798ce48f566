"""What a process holds, as the kernel tells it."""

from pathlib import Path


def children(pid: int | str = "self") -> set[str]:
    """The ids of the processes that it started and that are still there."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return {child for task in tasks for child in task.read_text().split()}


def resident(pid: int | str = "self") -> int:
    """Bytes in memory."""
    return _bytes(pid, "VmRSS")


def most_resident(pid: int | str = "self") -> int:
    """The most bytes in memory that it ever had, or since its /proc/PID/clear_refs was told 5."""
    return _bytes(pid, "VmHWM")


def _bytes(pid: int | str, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024

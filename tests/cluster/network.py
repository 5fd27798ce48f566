"""The network a cluster has for itself: a namespace in which its addresses mean something, and no other."""

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# For documentation (RFC 5737) and benchmarks (RFC 2544): nothing else on the machine or beyond it can answer there.
# Many tests share one API server, each with Services of its own: 254 addresses would not do.
NODE_IP = "198.51.100.1"
PODS = "192.0.2.0/24"
SERVICES = "198.18.0.0/16"
KUBERNETES_SERVICE_IP = "198.18.0.1"

CLONE_NEWNET = 0x40000000


@dataclass(frozen=True)
class Network:
    """A network namespace with one node address and no way out."""

    name: str

    @property
    def path(self) -> Path:
        return Path("/run/netns") / self.name

    @property
    def enter(self) -> tuple[str, ...]:
        """What to put before a command to run it inside.

        Not `ip netns exec`: that one remounts /sys and hides the control groups from the kubelet.
        """
        return ("nsenter", f"--net={self.path}")

    def create(self) -> None:
        ip("netns", "add", self.name)
        for words in (
            ("link", "set", "lo", "up"),
            ("link", "add", "node0", "type", "bridge"),
            ("addr", "add", f"{NODE_IP}/24", "dev", "node0"),
            ("link", "set", "node0", "up"),
            ("route", "add", "default", "dev", "node0"),
        ):
            ip("-n", self.name, *words)
        forward = "echo 1 > /proc/sys/net/ipv4/ip_forward"
        subprocess.run([*self.enter, "sh", "-c", forward], check=True)

    def remove(self) -> None:
        if self.path.exists():
            ip("netns", "del", self.name)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Move the calling thread into the namespace: sockets it opens, and what it starts, are there."""
        with Path("/proc/thread-self/ns/net").open() as outside, self.path.open() as inside:
            set_network_namespace(inside.fileno())
            try:
                yield
            finally:
                set_network_namespace(outside.fileno())


def set_network_namespace(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"setns: {os.strerror(number)}")


def ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ip {' '.join(words)}: {done.stderr.strip()}")

"""Debian packages the cluster is made of, installed when their programs are missing."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cluster.progress import Say, telling

# program -> package
NODE = {
    "containerd": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "/usr/lib/cni/ptp": "containernetworking-plugins",
    "nft": "nftables",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "mount": "mount",
    "openssl": "openssl",
    "prometheus": "prometheus",
    "redis-server": "redis-server",
}
IMAGES = {
    "buildah": "buildah",
    "debootstrap": "debootstrap",
}
ENGINES = {
    "espeak-ng": "espeak-ng",
}
PATH = f"{os.environ['PATH']}{os.pathsep}/usr/sbin{os.pathsep}/sbin"
NO_SERVICES = Path("/usr/sbin/policy-rc.d")


def require(programs: dict[str, str], say: Say) -> None:
    """Install the packages of the programs that are missing."""
    missing = [program for program in programs if not shutil.which(program, path=PATH)]
    if missing:
        install(sorted({programs[program] for program in missing}), say)


def install(packages: list[str], say: Say) -> None:
    """Install Debian packages. What they bring is not started as a system service."""
    if not shutil.which("apt-get"):
        raise RuntimeError(f"install {', '.join(packages)} and try again: there is no apt-get here to do it")
    say(f"installing Debian packages: {' '.join(packages)}")
    with telling(say, lambda: "still installing Debian packages"), no_services_started():
        apt_get("update")
        apt_get("install", "--yes", "--no-install-recommends", *packages)


@contextmanager
def no_services_started() -> Iterator[None]:
    """Debian's own way to say so to every package that is installed meanwhile."""
    if NO_SERVICES.exists():
        yield
        return
    NO_SERVICES.write_text("#!/bin/sh\nexit 101\n")
    NO_SERVICES.chmod(0o755)
    try:
        yield
    finally:
        NO_SERVICES.unlink()


def apt_get(*words: str) -> None:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(["apt-get", "-qq", *words], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"apt-get {' '.join(words)} failed:\n{done.stderr.strip()}")

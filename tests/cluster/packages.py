"""Debian packages the cluster is made of, installed when their programs are missing."""

import os
import shutil
import subprocess
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
PATH = f"{os.environ['PATH']}{os.pathsep}/usr/sbin{os.pathsep}/sbin"
NO_SERVICES = Path("/usr/sbin/policy-rc.d")


def require(programs: dict[str, str], say: Say) -> None:
    """Install the packages of missing programs. What they bring is not started as a system service."""
    missing = sorted(
        {package for program, package in programs.items() if not shutil.which(program, path=PATH)}
    )
    if not missing:
        return
    if not shutil.which("apt-get"):
        lacking = [program for program in programs if not shutil.which(program, path=PATH)]
        raise RuntimeError(
            f"install {', '.join(lacking)} and try again: this machine has no apt-get to do it"
        )
    say(f"installing Debian packages: {' '.join(missing)}")
    with telling(say, lambda: "still installing Debian packages"):
        install_without_starting(missing)


def install_without_starting(packages: list[str]) -> None:
    forbid = not NO_SERVICES.exists()
    if forbid:
        NO_SERVICES.write_text("#!/bin/sh\nexit 101\n")
        NO_SERVICES.chmod(0o755)
    try:
        apt_get("update")
        apt_get("install", "--yes", "--no-install-recommends", *packages)
    finally:
        if forbid:
            NO_SERVICES.unlink()


def apt_get(*words: str) -> None:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(["apt-get", "-qq", *words], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"apt-get {' '.join(words)} failed:\n{done.stderr.strip()}")

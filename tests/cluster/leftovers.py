"""What a cluster that ended leaves on the machine outside its folder, and how to take it away."""

import shutil
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

CONTAINER_LOG_LINKS = Path("/var/log/containers")
CNI_RESULTS = Path("/var/lib/cni/results")
SHIM_SOCKETS = Path("/run/containerd/s")
DEVICE_PLUGINS = Path("/var/lib/kubelet/device-plugins")


def remove(folder: Path) -> None:
    """Take away a cluster's folder and every trace of it elsewhere. Its processes must have ended."""
    for shim in shim_sockets(folder):
        shim.unlink(missing_ok=True)
    for link in CONTAINER_LOG_LINKS.glob("*.log"):
        if leads_into(link, folder):
            link.unlink(missing_ok=True)
    for result in CNI_RESULTS.glob("*"):
        if f"{folder}/" in text_of(result):
            result.unlink(missing_ok=True)
    unmount_below(folder)
    if folder.exists():
        shutil.rmtree(folder)
    if is_deserted(DEVICE_PLUGINS / "kubelet.sock"):
        (DEVICE_PLUGINS / "kubelet.sock").unlink()
    for shared in (CONTAINER_LOG_LINKS, CNI_RESULTS, SHIM_SOCKETS, DEVICE_PLUGINS):
        remove_empty(shared)
    for shared in (CNI_RESULTS, SHIM_SOCKETS, DEVICE_PLUGINS, folder):
        remove_empty(shared.parent)


def leads_into(link: Path, folder: Path) -> bool:
    """Whether it is a link to something in the folder; other clusters' links come and go meanwhile."""
    try:
        return link.readlink().is_relative_to(folder)
    except OSError:
        return False


def text_of(file: Path) -> str:
    """Empty for a file that another cluster has just removed."""
    try:
        return file.read_text()
    except FileNotFoundError:
        return ""


def shim_sockets(folder: Path) -> list[Path]:
    """The sockets of containerd's shims, which lie in one place for the whole machine."""
    addresses = folder.glob("containerd/state/io.containerd.runtime.v2.task/*/*/address")
    return [Path(address.read_text().removeprefix("unix://")) for address in addresses]


def is_deserted(path: Path) -> bool:
    """Whether a socket is there on which nobody listens, such as another cluster's kubelet."""
    with socket.socket(socket.AF_UNIX) as probe:
        return path.is_socket() and probe.connect_ex(str(path)) != 0


def unmount_below(folder: Path) -> None:
    """Detach every mount in the folder, the youngest first, so that removing it removes nothing else."""
    mounted = mounts_below(folder)
    if mounted:
        subprocess.run(["umount", "--lazy", *reversed(mounted)], check=True, capture_output=True)
    left = mounts_below(folder)
    if left:
        raise RuntimeError(f"still mounted, so nothing is removed: {', '.join(left)}")


def mounts_below(folder: Path) -> list[str]:
    paths = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    readable = [path.encode().decode("unicode_escape") for path in paths]
    return [path for path in readable if Path(path).is_relative_to(folder)]


def remove_empty(folder: Path) -> None:
    with suppress(OSError):  # it holds something of another cluster's, or is gone
        folder.rmdir()

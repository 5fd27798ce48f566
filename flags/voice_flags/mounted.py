"""Flags from a mounted ConfigMap: a directory whose `..data` link the kubelet swaps in one step."""

from pathlib import Path
from threading import Lock

from voice_flags.snapshot import SUFFIX, Snapshot

_LINK = "..data"
_ATTEMPTS = 3


def read_mounted(directory: Path) -> dict[str, str]:
    """The flag files of one moment, by name; OSError when there is no such directory."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return _read(directory)
        except FileNotFoundError:  # swapped while being read
            continue
    return _read(directory)


class MountedFlags:
    """A mounted ConfigMap, read again only when it has changed. Safe to share between threads."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._link = directory / _LINK
        self._lock = Lock()
        self._version: object = None
        self._snapshot = Snapshot()

    def snapshot(self) -> Snapshot:
        """What the directory holds now; the last good documents, stale, when it cannot be read."""
        with self._lock:
            try:
                self._read_if_changed()
            except OSError:
                self._version = None
                self._snapshot = self._snapshot.as_stale()
            return self._snapshot

    def _read_if_changed(self) -> None:
        version = self._link_target() or _plain_version(self._directory)
        if version != self._version:
            self._snapshot = self._snapshot.merge(read_mounted(self._directory))
            self._version = version

    def _link_target(self) -> Path | None:
        try:
            return self._link.readlink()
        except FileNotFoundError:
            return None


def _read(directory: Path) -> dict[str, str]:
    link = directory / _LINK
    moment = link.resolve(strict=True) if link.is_symlink() else directory
    read = {file.name: file.read_text("utf-8", "surrogateescape") for file in _flag_files(moment)}
    if not moment.samefile(link if link.is_symlink() else directory):
        # A folder that is being removed lists what is left of it: a flag would seem to be deleted.
        raise FileNotFoundError(f"{moment} was replaced while it was read")
    return read


def _flag_files(directory: Path) -> list[Path]:
    return sorted(file for file in directory.iterdir() if file.name.endswith(SUFFIX))


def _plain_version(directory: Path) -> list[tuple[str, int, int]]:
    """The state of a directory nobody swaps, as on a laptop."""
    states = [(file.name, file.stat()) for file in _flag_files(directory)]
    return [(name, state.st_mtime_ns, state.st_size) for name, state in states]

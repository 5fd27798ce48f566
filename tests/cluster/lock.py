"""One run at a time for each cluster."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from cluster.progress import wait_for


@contextmanager
def alone(name: str, *, patience: float = 120) -> Iterator[None]:
    """Keep other runs on the cluster `name` waiting. The kernel frees the place when this process ends."""
    with socket.socket(socket.AF_UNIX) as place:
        wait_for(
            f"another run to be done with the cluster {name}", lambda: took(place, name), seconds=patience
        )
        yield


def took(place: socket.socket, name: str) -> bool:
    try:
        place.bind(f"\0voice-rollout/{name}")
    except OSError:
        return False
    return True

"""One run at a time on the same thing."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from cluster.progress import Say, telling, wait_for


@contextmanager
def alone(name: str, say: Say, *, patience: float = 120) -> Iterator[None]:
    """Keep other runs that work on `name` waiting. The kernel frees the place when this process ends."""
    awaited = f"another run to be done with {name}"
    with socket.socket(socket.AF_UNIX) as place:
        with telling(say, lambda: f"waiting for {awaited}", every=5):
            wait_for(awaited, lambda: took(place, name), seconds=patience)
        yield


def took(place: socket.socket, name: str) -> bool:
    """Whether `place` now holds the name; it does until it is closed."""
    try:
        place.bind(f"\0voice-rollout/{name}")
    except OSError:
        return False
    return True

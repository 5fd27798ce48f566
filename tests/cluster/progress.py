"""What a person sees while they wait."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Say = Callable[[str], None]


def timed(prefix: str = "") -> Say:
    """A printer that puts the seconds since now before each line."""
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"{prefix}{time.monotonic() - began:7.1f} s  {line}", file=sys.stderr, flush=True)

    return say


def quiet(_line: str) -> None:
    """A printer for those who do not wait."""


@contextmanager
def telling(say: Say, now: Callable[[], str], every: float = 15) -> Iterator[None]:
    """While the body runs, say every few seconds what `now()` has to tell."""
    ended = threading.Event()

    def tell() -> None:
        while not ended.wait(every):
            say(now())

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()


def wait_for(what: str, done: Callable[[], object], *, seconds: float, every: float = 0.1) -> None:
    """Return when `done()` is true; raise TimeoutError, naming what was awaited, after `seconds`."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(every)

"""When a rollout is looked at again after its decision could not be carried out."""

from dataclasses import dataclass
from datetime import timedelta

from voice_rollout.clients.cluster import ApiError

LONGEST = timedelta(seconds=60)
LONGEST_IN_TROUBLE = timedelta(seconds=8)
"""For an API server that answers no more: it may be back any moment."""
LONGEST_IN_CONFLICT = timedelta(seconds=2)
_DOUBLINGS = 7


@dataclass(frozen=True)
class Retry:
    """Not before `patience` whatever happens; after `delay` even if nothing does."""

    patience: timedelta
    delay: timedelta


def retry_after(error: Exception, failures: int) -> Retry:
    """At once after a first conflict, later and later otherwise, and never before the API server asked for."""
    grown = timedelta(seconds=2 ** min(failures, _DOUBLINGS) / 2)
    match error:
        case ApiError(is_conflict=True):
            pause = min(grown / 20, LONGEST_IN_CONFLICT) if failures > 1 else timedelta(0)
            return Retry(pause, pause)
        case ApiError(is_passing=True):
            asked = min(timedelta(seconds=error.patience), LONGEST)
            return Retry(asked, max(asked, min(grown, LONGEST_IN_TROUBLE)))
        case _:
            return Retry(timedelta(0), min(grown, LONGEST))

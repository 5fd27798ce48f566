"""Which tier to speak at: the best one while little waits, faster ones as more does. Pure."""

from collections.abc import Callable

from voice_server.engines.base import Profile

CALM = 0.5
"""A better tier must promise this share of the patience, so that the tier does not flutter around the border."""


def level_for(level: int, last: int, patience: float, wait_at: Callable[[int], float]) -> int:
    """The tier for the load, from the one in force; `wait_at` gives the seconds that everything would take at a tier.

    Down to the first that needs no more than `patience`; up only to one that needs half of it.
    """
    while level < last and wait_at(level) > patience:
        level += 1
    while level > 0 and wait_at(level - 1) <= CALM * patience:
        level -= 1
    return level


def tier_for(profile: Profile, level: int, last: int) -> int:
    """The tier that a job gets at a level of load: `fast` never the better half, `high` never the faster one."""
    match profile:
        case Profile.FAST:
            return max(level, (last + 1) // 2)
        case Profile.HIGH:
            return min(level, last // 2)
        case Profile.BALANCED:
            return level

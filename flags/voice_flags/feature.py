"""One question for any program with the flag ConfigMap mounted: is this feature on for this user?"""

import logging
import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from voice_flags.evaluation import User, evaluate
from voice_flags.mounted import MountedFlags

PATH_VARIABLE = "VOICE_FLAGS_PATH"

logger = logging.getLogger("voice_flags")


def is_feature_enabled(
    flag: str, *, user_id: str | None, character: str | None = None, segments: Iterable[str] = ()
) -> bool:
    """True when the user gets the candidate; False, with the reason logged, when that cannot be known."""
    path = os.environ.get(PATH_VARIABLE)
    if not path:
        _say(flag, f"{PATH_VARIABLE} is not set; set it to the directory where the flag ConfigMap is mounted")
        return False
    snapshot = _mounted(path).snapshot()
    document = snapshot.flags.get(flag)
    if document is None:
        _say(
            flag,
            "; ".join(f"{key}: {why}" for key, why in snapshot.problems.items())
            or f"{path} holds no such flag",
        )
        return False
    _last_said.pop(flag, None)
    return evaluate(document, User(user_id, character, frozenset(segments)), snapshot.flags).enabled


_last_said: dict[str, str] = {}


@cache
def _mounted(path: str) -> MountedFlags:
    return MountedFlags(Path(path))


def _say(flag: str, why: str) -> None:
    """Log a reason when it is new: a hot path must not fill the disk."""
    if _last_said.get(flag) != why:
        _last_said[flag] = why
        logger.warning("%s is taken as off: %s", flag, why)

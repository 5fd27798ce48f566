"""What is said to whoever names a voice that is not there: the same by every engine that takes voices by name."""

from collections.abc import Iterable
from itertools import islice

from voice_server.engines.base import UnknownVoiceError

_SHOWN = 5


def unknown_voice(name: str, known: Iterable[str]) -> UnknownVoiceError:
    """The error, which names the first of the voices that are `known`."""
    some = ", ".join(islice(known, _SHOWN)) or "none: it has no voices"
    return UnknownVoiceError(f"there is no voice {name!r}; write default or one such as {some}")

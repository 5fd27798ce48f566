"""What a client is told when there is no speech, and what kind of error that was."""

from dataclasses import dataclass

from voice_server.engine.device import UnforeseenError
from voice_server.engine.line import FullError
from voice_server.engine.worker import WarmingError
from voice_server.engines.base import (
    DeviceLostError,
    EngineError,
    OutOfMemoryError,
    OverloadedError,
    TextError,
    UnknownVoiceError,
    UnusableVoiceError,
)
from voice_server.http import RefusedError


@dataclass(frozen=True, slots=True)
class _Told:
    """`{}` in the message is the error's own."""

    status: int
    code: str
    message: str
    param: str | None = None
    retry_after: float | None = None


_TOLD: dict[type[Exception], _Told] = {
    FullError: _Told(429, "overloaded", "{}"),
    OverloadedError: _Told(
        429, "overloaded", "the engine's provider takes no more now; try again a little later"
    ),
    WarmingError: _Told(503, "warming_up", "{}", retry_after=1),
    UnknownVoiceError: _Told(400, "unknown_voice", "voice: {}", "voice"),
    UnusableVoiceError: _Told(422, "unusable_voice", "voice: {}", "voice"),
    TextError: _Told(422, "unspeakable_text", "input: {}", "input"),
    TimeoutError: _Told(504, "timeout", "the engine did not finish in time"),
    OutOfMemoryError: _Told(
        503, "out_of_memory", "no memory is left for this; try again a little later", None, 5
    ),
    DeviceLostError: _Told(503, "device_lost", "the engine starts anew; try again a little later", None, 5),
    UnforeseenError: _Told(500, "engine_surprised", "the engine could not speak this"),
    EngineError: _Told(500, "engine_failed", "the engine could not speak this"),
}
_KINDS = {429: "RESOURCE", 503: "RESOURCE", 504: "TIMEOUT", 500: "MODEL"}
ERRORS = tuple(_TOLD)


def refusal_for(error: Exception) -> RefusedError:
    """The refusal for one of `ERRORS`; what only operators may read is left out."""
    told = next(_TOLD[kind] for kind in type(error).__mro__ if kind in _TOLD)
    again = error.retry_after if isinstance(error, FullError | OverloadedError) else told.retry_after
    return RefusedError(told.status, told.code, told.message.format(error), told.param, again)


def kind_of(refusal: RefusedError) -> str:
    """VALIDATION, RESOURCE, MODEL, TIMEOUT or UNKNOWN."""
    return "UNKNOWN" if refusal.code == "engine_surprised" else _KINDS.get(refusal.status, "VALIDATION")

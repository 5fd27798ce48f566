import pytest

from voice_server.engine.device import UnforeseenError
from voice_server.engine.line import FullError
from voice_server.engine.refusals import ERRORS, kind_of, refusal_for
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


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (FullError(4), 429, "RESOURCE"),
        (OverloadedError("quota", 9), 429, "RESOURCE"),
        (WarmingError(), 503, "RESOURCE"),
        (OutOfMemoryError("CUDA"), 503, "RESOURCE"),
        (DeviceLostError("CUDA"), 503, "RESOURCE"),
        (UnknownVoiceError("there is no voice"), 400, "VALIDATION"),
        (UnusableVoiceError("ana.wav: nobody speaks"), 422, "VALIDATION"),
        (TextError("no letters"), 422, "VALIDATION"),
        (TimeoutError(), 504, "TIMEOUT"),
        (EngineError("torn"), 500, "MODEL"),
        (UnforeseenError("KeyError"), 500, "UNKNOWN"),
    ],
)
def test_every_error_has_its_status_and_kind(error: Exception, status: int, kind: str) -> None:
    refusal = refusal_for(error)

    assert (refusal.status, kind_of(refusal)) == (status, kind)
    assert isinstance(error, ERRORS)


def test_who_is_sent_away_for_want_of_room_is_told_when_to_come_back() -> None:
    errors = [
        FullError(4),
        OverloadedError("quota", 9),
        WarmingError(),
        OutOfMemoryError(""),
        DeviceLostError(""),
    ]

    assert [refusal_for(error).retry_after for error in errors] == [4, 9, 1, 5, 5]


def test_what_only_operators_may_read_is_not_told() -> None:
    for error in (
        EngineError("/models/secret"),
        OutOfMemoryError("/models/secret"),
        OverloadedError("secret", 1),
    ):
        assert "secret" not in str(refusal_for(error))

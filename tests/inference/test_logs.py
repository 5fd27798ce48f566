import json
import logging

import pytest

from voice_server.logs import JsonFormatter, pseudonym


def formatted(message: str = "speech", **extra: object) -> dict[str, object]:
    record = logging.LogRecord("x", logging.INFO, "x.py", 1, message, (), None)
    vars(record).update(extra)
    return dict(json.loads(JsonFormatter().format(record)))


def test_a_line_is_one_json_object_with_what_was_said_beside_the_message() -> None:
    line = formatted(user="abc", duration_ms=1.5)

    assert line.pop("time")
    assert line == {"level": "info", "message": "speech", "user": "abc", "duration_ms": 1.5}


def test_nothing_a_client_sends_can_start_a_new_line() -> None:
    record = logging.LogRecord("x", logging.INFO, "x.py", 1, "a\nb", (), None)
    record.request_id = "x\n{}"

    assert "\n" not in JsonFormatter().format(record)


def test_a_failure_carries_its_trace() -> None:
    with pytest.raises(ValueError, match="why") as failure:
        int("why")
    trace = (failure.type, failure.value, failure.tb)
    record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "failed", (), trace)

    assert "ValueError: invalid literal" in json.loads(JsonFormatter().format(record))["exception"]


def test_a_pseudonym_is_stable_under_one_key_and_tells_nothing_under_another() -> None:
    assert pseudonym("ana", b"k") == pseudonym("ana", b"k")
    assert len({pseudonym("ana", b"k"), pseudonym("ana", b"l"), pseudonym("bia", b"k")}) == 3
    assert pseudonym(None, b"k") is None

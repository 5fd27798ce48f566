from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from voice_rollout.api.quantities import (
    Duration,
    Percentage,
    format_duration,
    json_number,
    parse_duration,
    parse_percentage,
)

DURATION: TypeAdapter[timedelta] = TypeAdapter(Duration)
PERCENTAGE: TypeAdapter[Decimal] = TypeAdapter(Percentage)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("15m", 900), ("72h", 259_200), ("1h30m", 5400), ("250ms", 0.25), ("1.5s", 1.5), ("0s", 0)],
)
def test_a_duration_reads_as_go_writes_it(text: str, seconds: float) -> None:
    assert parse_duration(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "10", "s", "1 s", "-1s", "1d", "1h ", "1,5s", "99999999h", 10, None])
def test_what_is_no_duration_is_refused_with_what_to_write(text: Any) -> None:
    with pytest.raises(ValidationError, match="write a number and a unit, such as 30s, 15m or 72h"):
        DURATION.validate_python(text)


def test_the_longest_duration_still_ends_before_the_calendar_does() -> None:
    longest = "9999999h" * 4

    assert len(longest) == 32
    assert (datetime(2026, 11, 20, tzinfo=UTC) + parse_duration(longest)).year < 10_000


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (30, "30s"), (90, "1m30s"), (259_200, "72h"), (5400, "1h30m"), (0.25, "0.25s")],
)
def test_a_duration_is_written_shortest(seconds: float, text: str) -> None:
    assert format_duration(timedelta(seconds=seconds)) == text


@given(st.integers(0, 10_000_000_000))
def test_a_written_duration_reads_back_the_same(milliseconds: int) -> None:
    duration = timedelta(milliseconds=milliseconds)

    assert parse_duration(format_duration(duration)) == duration


@given(st.integers(0, 100_000))
def test_a_share_is_exact_from_json_and_back(thousandths: int) -> None:
    share = Decimal(thousandths) / 1000
    number = json_number(share)

    assert parse_percentage(number) == share
    assert PERCENTAGE.validate_json(PERCENTAGE.dump_json(share)) == share
    assert "E" not in f"{parse_percentage(number):f}"


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (-1, "write a number from 0 to 100"),
        (100.001, "write a number from 0 to 100"),
        (12.3456, "12.3456 has more than three decimals: write 12.346"),
        (float("nan"), "write a number from 0 to 100"),
        (float("inf"), "write a number from 0 to 100"),
    ],
)
def test_what_is_no_share_is_refused_with_what_to_write(value: float, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        PERCENTAGE.validate_python(value)


@pytest.mark.parametrize("value", ["10", True, None])
def test_a_share_is_a_number(value: Any) -> None:
    with pytest.raises(ValidationError, match="write a number from 0 to 100"):
        PERCENTAGE.validate_python(value)

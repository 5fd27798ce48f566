"""The small types of the resource: durations, percentages, names; each knows its schema and its CEL rules."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, PlainSerializer, StringConstraints, WithJsonSchema

JsonSchema: TypeAlias = dict[str, Any]

EVERYBODY = 100
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")
_DURATION = r"^([0-9]{1,7}([.][0-9]{1,9})?(ms|s|m|h))+$"
_DNS_LABEL = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
_CONFIG_KEY = r"^[-._a-zA-Z0-9]+$"
_THOUSANDTHS = (
    "self * 1000.0 - double(int(self * 1000.0 + 0.5)) < 0.000001"
    " && double(int(self * 1000.0 + 0.5)) - self * 1000.0 < 0.000001"
)


def rule(expression: str, message: str | None = None, *, says: str | None = None) -> JsonSchema:
    """One CEL rule for the API server: `message` is fixed text, `says` a CEL expression that builds it."""
    told = {"messageExpression": says} if says else {"message": message}
    return {"rule": expression, **told}


def rules(*entries: JsonSchema) -> JsonSchema:
    """CEL rules as an extra of a field's or a model's schema."""
    return {"x-kubernetes-validations": list(entries)}


def parse_duration(value: str | timedelta) -> timedelta:
    """Read a Go-style duration: `30s`, `15m`, `1h30m`, `250ms`."""
    if isinstance(value, timedelta):
        return value
    if not re.fullmatch(_DURATION, str(value)):
        raise ValueError(f"{value!r} is not a duration: write a number and a unit, such as 30s, 15m or 72h")
    return timedelta(seconds=sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(value)))


def format_duration(value: timedelta) -> str:
    """The shortest exact form of a duration: `72h`, `1m30s`, `0s`."""
    whole, fraction = divmod(value, timedelta(seconds=1))
    hours, rest = divmod(whole, 3600)
    minutes, seconds = divmod(rest, 60)
    exact = f"{seconds}.{fraction.microseconds:06}".rstrip("0").rstrip(".")
    parts = [
        f"{hours}h" if hours else "",
        f"{minutes}m" if minutes else "",
        f"{exact}s" if exact != "0" else "",
    ]
    return "".join(parts) or "0s"


def parse_percentage(value: object) -> Decimal:
    """A share in percent, exact to three decimals: never computed in binary floating point."""
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    exact = Decimal(str(value)) if is_number else Decimal("NaN")
    if not exact.is_finite() or not 0 <= exact <= EVERYBODY:
        raise ValueError(f"{value!r} is not a percentage: write a number from 0 to 100")
    if exact != round(exact, 3):
        raise ValueError(f"{exact} has more than three decimals: write {round(exact, 3)}")
    return exact.normalize() + 0


def json_number(value: Decimal) -> int | float:
    """A Decimal as the JSON number that reads back the same."""
    return int(value) if value == value.to_integral_value() else float(value)


_IS_DURATION = f"self.matches('{_DURATION}')"


def _duration_schema(*extra: JsonSchema) -> JsonSchema:
    sound = rule(_IS_DURATION, "is not a duration: write a number and a unit, such as 30s, 15m or 72h")
    return {"type": "string", "maxLength": 32, **rules(sound, *extra)}


def _at_least(shortest: str) -> JsonSchema:
    long_enough = f"!{_IS_DURATION} || duration(self) >= duration('{shortest}')"
    return rule(long_enough, f"is too short: write {shortest} or more")


_ReadDuration = Annotated[
    timedelta, BeforeValidator(parse_duration), PlainSerializer(format_duration, return_type=str)
]
Duration = Annotated[_ReadDuration, WithJsonSchema(_duration_schema())]
AtLeastASecond = Annotated[_ReadDuration, WithJsonSchema(_duration_schema(_at_least("1s")))]
Percentage = Annotated[
    Decimal,
    BeforeValidator(parse_percentage),
    PlainSerializer(json_number, return_type=int | float),
    WithJsonSchema(
        {
            "type": "number",
            "minimum": 0,
            "maximum": 100,
            **rules(rule(_THOUSANDTHS, "has more than three decimals: round it, as in 12.345")),
        }
    ),
]
Name = Annotated[str, StringConstraints(pattern=_DNS_LABEL, max_length=63)]
FlagName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-_a-z0-9]{0,61}[a-z0-9])?$", max_length=63)]
ConfigKey = Annotated[str, StringConstraints(pattern=_CONFIG_KEY, min_length=1, max_length=253)]
UserId = Annotated[str, StringConstraints(min_length=1, max_length=256)]

"""Times of day: 14h30, 14:30, 8h, 8:30 p.m., 10h-12h."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from voice_server.text.numbers import Noun, Number, Numerals
from voice_server.text.rules import END, START, Step, one_of, rule

_NOON = 12


@dataclass(frozen=True, eq=False)
class Clock:
    """How a time is said. `halves` are the marks of a twelve-hour clock, as written and as spoken."""

    patterns: tuple[str, ...]  # with groups hour, and where there are any minute, second, half
    hour: Noun
    minute: Noun
    second: Noun
    joint: str
    to: str
    halves: Mapping[str, str]
    in_twelve: bool = False
    sharp: str = ""  # o'clock
    oh: str = ""
    midnight: str = ""
    zero: Noun | None = None  # zero hora


HOUR = r"(?P<hour>2[0-4]|[01]?\d)"
MINUTE = r"(?P<minute>[0-5]\d)"
SECOND = r"(?P<second>[0-5]\d)"


def rules(clock: Clock, numerals: Numerals) -> Iterator[Step]:
    yield rule(
        r"(?<=\dh)-(?=\d{1,2}h)|(?<=:\d\d)-(?=\d{1,2}:\d\d)|(?<=\dh\d\d)-(?=\d{1,2}h)",
        lambda _: f" {clock.to} ",
    )
    half = rf"(?: ?(?P<half>{one_of(clock.halves)}))" if clock.halves else r"(?P<half>(?!))"
    for pattern in clock.patterns:
        written = pattern.replace("<HALF>", half)
        yield rule(rf"{START}{written}{END}(?![,:]\d|\.\d)", lambda found: _said(found, clock, numerals))


def _said(found: re.Match[str], clock: Clock, numerals: Numerals) -> str:
    parts = found.groupdict()
    hour, minute, second = (parts.get(name) or "" for name in ("hour", "minute", "second"))
    half = clock.halves[parts["half"]] if parts.get("half") else ""
    if clock.in_twelve:
        return _in_twelve(int(hour), minute, half, clock, numerals)
    return " ".join(filter(None, (_in_full((hour, minute, second), clock, numerals), half)))


def _in_full(written: tuple[str, ...], clock: Clock, numerals: Numerals) -> str:
    hour, *rest = written
    hours = clock.zero if clock.zero and not int(hour) else clock.hour
    said = [numerals.count(Number(hour), hours)]
    nouns = (clock.minute, clock.second)
    said += [
        numerals.count(Number(part), noun) for part, noun in zip(rest, nouns, strict=True) if part.strip("0")
    ]
    if len(said) == 1:
        return said[0]
    return f"{', '.join(said[:-1])} {clock.joint} {said[-1]}"


def _in_twelve(hour: int, minute: str, half: str, clock: Clock, numerals: Numerals) -> str:
    if not hour and not minute.strip("0") and not half:
        return clock.midnight
    said = [numerals.cardinal(str(hour or _NOON))]
    if minute.strip("0"):
        said += [clock.oh, numerals.cardinal(minute)] if minute[0] == "0" else [numerals.cardinal(minute)]
    elif not half:
        said.append(clock.sharp)
    return " ".join(filter(None, (*said, half)))

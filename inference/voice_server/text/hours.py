"""Times of day: 14h30, 14:30, 8h, 8:30 p.m., 10h-12h, 2-3 pm."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from voice_server.text.numbers import Form, Noun, Number, Numerals
from voice_server.text.rules import END, START, Step, one_of, rule, stop

_NOON = 12
_NEXT_WORD = re.compile(r" (\w{1,16}+)")


@dataclass(frozen=True, eq=False)
class InFull:
    """Fourteen hours and thirty minutes."""

    hour: Noun
    minute: Noun
    second: Noun
    joint: str

    @property
    def form(self) -> Form:
        return self.hour.form

    def say(self, hour: str, minute: str, second: str, half: str, numerals: Numerals) -> str:
        said = [numerals.count(Number(hour), self.hour)]
        parts = ((minute, self.minute), (second, self.second))
        said += [numerals.count(Number(part), noun) for part, noun in parts if part.strip("0")]
        *before, last = said
        time = f"{', '.join(before)} {self.joint} {last}" if before else last
        return f"{time} {half}".rstrip()


@dataclass(frozen=True, eq=False)
class InTwelve:
    """Two thirty p m, eight o'clock; seconds are not said."""

    sharp: str
    oh: str
    midnight: str
    form: Form = Form.PLAIN

    def say(self, hour: str, minute: str, second: str, half: str, numerals: Numerals) -> str:
        del second
        minute = minute if minute.strip("0") else ""
        if not int(hour) and not minute and not half:
            return self.midnight
        said = [numerals.cardinal(str(int(hour) or _NOON))]
        if minute:
            said += [self.oh] if minute.startswith("0") else []
            said.append(numerals.cardinal(minute))
        return " ".join([*said, half or ("" if minute else self.sharp)]).rstrip()


@dataclass(frozen=True, eq=False)
class Clock:
    """How a time is said. `halves` are the marks of a twelve-hour clock, in lower case, and what is said for them."""

    patterns: tuple[str, ...]  # with groups hour, and where there are any minute, second, half
    spoken: InFull | InTwelve
    to: str
    halves: Mapping[str, str]
    goes_on: Collection[str] = ()  # names after which the point of a half is no full stop: p.m. Monday


HOUR = r"(?P<hour>2[0-4]|[01]?\d)"
MINUTE = r"(?P<minute>[0-5]\d)"
SECOND = r"(?P<second>[0-5]\d)"


def rules(clock: Clock, numerals: Numerals) -> Iterator[Step]:
    mark = one_of(clock.halves) or "(?!)"

    def say(found: re.Match[str]) -> str:
        parts = found.groupdict(default="")
        half = clock.halves[parts["half"].lower()] if parts.get("half") else ""
        minute, second = parts.get("minute", ""), parts.get("second", "")
        said = clock.spoken.say(parts["hour"], minute, second, half, numerals)
        return said + ("" if _goes_on(found, clock) else stop(found))

    yield _span(rf"(?: ?(?:{mark}))", clock, numerals)
    for pattern in clock.patterns:
        written = pattern.replace("<HALF>", rf"(?: ?(?P<half>{mark}))")
        yield rule(rf"{START}{written}{END}(?![,:]\d|\.\d)", say, re.IGNORECASE)


def _span(half: str, clock: Clock, numerals: Numerals) -> Step:
    """8h-12h, 2:30-3:30, 2-3 pm, 8-17h30: the dash as a word, and what is an hour by the mark after it only."""
    marked = rf"\d{{1,2}}(?:h(?:\d\d)?|:\d\d{half}?|{half})(?= ?- ?\d{{1,2}}(?:h|:\d\d|{half}))"
    bare = rf"\d{{1,2}}(?= ?- ?\d{{1,2}}(?:h\d\d|(?::\d\d)?{half}))"

    def say(found: re.Match[str]) -> str:
        hour = found["bare"]
        return f"{numerals.cardinal(hour, clock.spoken.form) if hour else found['marked']} {clock.to} "

    written = rf"(?<![\w.,/:-])(?:(?P<marked>{marked})|(?P<bare>{bare})) ?- ?"
    return rule(written, say, re.IGNORECASE, needs="-")


def _goes_on(found: re.Match[str], clock: Clock) -> bool:
    following = _NEXT_WORD.match(found.string, found.end())
    return following is not None and following[1] in clock.goes_on

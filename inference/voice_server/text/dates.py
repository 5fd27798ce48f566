"""Dates: 25/12/2025, 2025-12-25, 12/2025, 1º de janeiro, 25/dez, December 25."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from voice_server.text.numbers import YEAR_DIGITS, Numerals
from voice_server.text.rules import END, START, Step, one_of, rule

_DAYS, _MONTHS = 31, 12
_STAMP = r"(?<=-\d\d)T(\d\d:\d\d(?::\d\d)?)(?:\.\d{1,9}+)?(?:Z|[+-]\d\d:?\d\d)?(?!\w)"
_PIVOT = "50"
"""A year of two digits below it is of this century."""


@dataclass(frozen=True, eq=False)
class Calendar:
    """Months and how a date is put together. `day_first` says how 03/04/2025 is read."""

    months: tuple[str, ...]
    short: Mapping[str, int]  # as it is written within a sentence
    day_first: bool
    day_month: str  # with {day} and {month}
    month_year: str
    with_year: str  # with {date} and {year}
    first: str  # the first day of a month
    ordinal_days: bool
    patterns: tuple[str, ...]  # dates with a month by name: groups day, month (<MONTH>), and maybe year
    year_after: tuple[str, ...] = ()  # words after which four digits are a year


def rules(calendar: Calendar, numerals: Numerals) -> Iterator[Step]:
    yield rule(_STAMP, lambda found: f" {found[1]}", needs="T")
    months = _in_every_case(
        {**dict(zip(calendar.months, range(1, _MONTHS + 1), strict=True)), **calendar.short}
    )

    def say(found: re.Match[str]) -> str | None:
        parts = found.groupdict()
        month = parts["month"]
        number = int(month) if month.isdecimal() else months[month]
        return _date(parts.get("day"), number, parts.get("year"), calendar, numerals)

    for pattern in (*_numeric(day_first=calendar.day_first), *calendar.patterns):
        yield rule(rf"{START}{pattern.replace('<MONTH>', one_of(months))}{END}", say)
    if calendar.year_after:
        yield rule(
            rf"\b((?:{'|'.join(calendar.year_after)}) )(1[1-9]\d\d|20\d\d){END}(?![.,:/-]?\d| ?%)",
            lambda found: found[1] + numerals.year(found[2]),
        )


def _in_every_case(months: Mapping[str, int]) -> Mapping[str, int]:
    """As they are written, and at the start of a sentence, and in capitals."""
    cases = (str, str.capitalize, str.upper)
    return {case(name): index for name, index in months.items() for case in cases}


def _numeric(*, day_first: bool) -> Iterator[str]:
    day, month = r"(?P<day>\d{1,2})º?", r"(?P<month>\d{1,2})"
    first, second = (day, month) if day_first else (month, day)
    tail = r"(?![/-]?\d|[.,]\d)"
    yield rf"(?P<year>\d{{4}})(?P<mark>[-/.])(?P<month>\d{{2}})(?P=mark)(?P<day>\d{{2}}){tail}"
    yield rf"{first}(?P<mark>[-/.]){second}(?P=mark)(?P<year>\d{{4}}|\d{{2}}){tail}"
    yield rf"(?<![/-]){first.replace('1,', '')}/{second.replace('1,', '')}{tail}"
    yield rf"(?<![/-])(?P<month>0\d|1[0-2])/(?P<year>(?:19|20)\d\d){tail}"


def _date(
    day: str | None, month: int, year: str | None, calendar: Calendar, numerals: Numerals
) -> str | None:
    if not 1 <= month <= _MONTHS or (day and not 1 <= int(day) <= _DAYS):
        return None
    name = calendar.months[month - 1]
    in_full = numerals.year(_full(year)) if year else ""
    if not day:
        return calendar.month_year.format(month=name, year=in_full)
    date = calendar.day_month.format(day=_day(day, calendar, numerals), month=name)
    return calendar.with_year.format(date=date, year=in_full) if year else date


def _day(day: str, calendar: Calendar, numerals: Numerals) -> str:
    if calendar.ordinal_days:
        return numerals.ordinal(day)
    return calendar.first if int(day) == 1 else numerals.cardinal(day)


def _full(year: str) -> str:
    return year if len(year) == YEAR_DIGITS else ("20" if year < _PIVOT else "19") + year

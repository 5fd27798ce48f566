"""Dates, hours and dictated numbers in American English."""

from voice_server.text.codes import Codes
from voice_server.text.dates import Calendar
from voice_server.text.hours import HOUR, MINUTE, Clock
from voice_server.text.languages.tables import words
from voice_server.text.numbers import Noun

_MONTHS = words("January February March April May June July August September October November December")

CALENDAR = Calendar(
    months=_MONTHS,
    short={name[:3]: number for number, name in enumerate(_MONTHS, 1)} | {"Sept": 9},
    day_first=False,
    day_month="{month} {day}",
    month_year="{month} {year}",
    with_year="{date}, {year}",
    first="first",
    ordinal_days=True,
    patterns=(
        r"(?P<month><MONTH>)\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?(?:,? (?P<year>\d{4}))?(?![:.,]?\d)",
        r"(?P<day>\d{1,2})(?:st|nd|rd|th)? (?:of )?(?P<month><MONTH>)\.?(?:,? (?P<year>\d{4}))?",
        r"(?P<month><MONTH>)\.? (?P<year>(?:1\d|20)\d\d)",
    ),
    year_after=(
        "in",
        "since",
        "year",
        "until",
        "by",
        "from",
        "In",
        "Since",
        "during",
        "before",
        "after",
        "circa",
    ),
)

CLOCK = Clock(
    patterns=(rf"{HOUR}:{MINUTE}(?::[0-5]\d)?<HALF>?", rf"{HOUR}<HALF>"),
    hour=Noun("hour", "hours"),
    minute=Noun("minute", "minutes"),
    second=Noun("second", "seconds"),
    joint="and",
    to="to",
    halves={
        **dict.fromkeys(("a.m.", "A.M.", "am", "AM"), "a m"),
        **dict.fromkeys(("p.m.", "P.M.", "pm", "PM"), "p m"),
    },
    in_twelve=True,
    sharp="o'clock",
    oh="oh",
    midnight="midnight",
)

CODES = Codes(
    patterns=(
        r"(?:\+?(?P<country>1)[ -])?(?P<rest>\(?\d{3}\)?[ -]\d{3}-\d{4})",
        r"(?P<rest>\d{3}-\d{2}-\d{4})",
        r"(?P<rest>555-\d{4})",
    ),
    plus="plus",
    services=r"(?i:\b((?:call|dial) ))(911|\d11)(?![\w.,])",
)

"""Dates, hours and dictated numbers in American English."""

from voice_server.text.codes import Codes
from voice_server.text.dates import Calendar
from voice_server.text.hours import HOUR, MINUTE, Clock, InTwelve
from voice_server.text.languages.tables import word_set, words

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
    spoken=InTwelve(sharp="o'clock", oh="oh", midnight="midnight"),
    to="to",
    halves={"a.m.": "a m", "am": "a m", "p.m.": "p m", "pm": "p m"},
    goes_on=word_set(
        "Monday Tuesday Wednesday Thursday Friday Saturday Sunday Eastern Central Mountain Pacific ET EST EDT "
        "CT CST CDT MT MST MDT PT PST PDT GMT UTC BST"
    ),
)

_NAMED = "PIN|SSN|zip(?: code)?|account|routing|confirmation|code|password|passcode|card"
_END = r"(?![\w/-])(?![.,]\d)"

CODES = Codes(
    patterns=(
        r"(?:\+?(?P<country>1)[ .-]?)?(?P<rest>\(\d{3}\)[ .-]?\d{3}[ .-]?\d{4})",
        r"(?:\+?(?P<country>1)[ .-])?(?P<rest>\d{3}(?P<mark>[ .-])\d{3}(?P=mark)\d{4})",
        r"(?P<rest>\d{3}-\d{2}-\d{4})",
        r"(?P<rest>555-\d{4})",
    ),
    plus="plus",
    named=(
        rf"\b((?:{_NAMED})(?: number)?(?: is| ending in)?:? )(\d(?:[ -]?\d){{3,24}}+){_END}",
        rf"\b((?:call|dial) )(911|\d11){_END}",
    ),
)

"""Dates, hours and dictated numbers in Brazilian Portuguese."""

from voice_server.text.codes import Codes
from voice_server.text.dates import Calendar
from voice_server.text.hours import HOUR, MINUTE, SECOND, Clock
from voice_server.text.languages.tables import words
from voice_server.text.numbers import Noun

_MONTHS = words("janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro")
_SHORT = {name[:3]: number for number, name in enumerate(_MONTHS, 1)}

CALENDAR = Calendar(
    months=_MONTHS,
    short=_SHORT | {name.capitalize(): number for name, number in _SHORT.items()},
    day_first=True,
    day_month="{day} de {month}",
    month_year="{month} de {year}",
    with_year="{date} de {year}",
    first="primeiro",
    ordinal_days=False,
    patterns=(
        r"(?<=[Dd]ia )(?P<day>\d{1,2})/(?P<month>\d{1,2})",
        r"(?P<day>\d{1,2})(?P<mark>/|-)(?P<month><MONTH>)\.?(?:(?P=mark)(?P<year>\d{4}|\d{2}))?",
        r"(?P<day>\d{1,2})º? (?:de )?(?P<month><MONTH>)\.?(?: de | )(?P<year>\d{4})",
        r"(?P<day>\d{1,2})º? de (?P<month><MONTH>)",
        r"(?P<month>(?<![\w/-])(?:<MONTH>))\.?/(?P<year>\d{4}|\d{2})",
    ),
)

CLOCK = Clock(
    patterns=(
        rf"{HOUR} ?h ?{MINUTE} ?(?:min|m) ?{SECOND} ?s",
        rf"{HOUR} ?h ?{MINUTE}(?: ?(?:minutos|min|m))?",
        rf"{HOUR}:{MINUTE}(?::{SECOND})?(?: ?(?:horas|hs|hrs|h))?",
        r"(?P<hour>\d{1,3}) ?(?:hrs|hs|h)\.?(?=[^\w.]|\.?$|\. )",
    ),
    hour=Noun("hora", "horas", feminine=True),
    minute=Noun("minuto", "minutos"),
    second=Noun("segundo", "segundos"),
    joint="e",
    to="às",
    halves={},
)

CODES = Codes(
    patterns=(
        r"(?P<rest>\d{3}\.\d{3}\.\d{3}-\d{2})",
        r"(?P<rest>\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2})",
        r"(?P<rest>\d{5}-\d{3})",
        r"(?P<rest>0[358]00[ -]?\d{3}[ -]?\d{4})",
        r"(?:(?:\+(?P<country>\d{1,3}) ?)?\(?0?(?P<area>[1-9]\d)\)? ?(?P<rest>(?:9 ?)?\d{4}[ -]\d{4}))",
        r"(?P<rest>9\d{4}-\d{4})",
        r"(?P<rest>(?!(?:1\d|20)\d\d-(?:1\d|20)\d\d)\d{4}-\d{4})",
    ),
    plus="mais",
    services=r"(?i:\b((?:ligue|disque|telefone|discar|ligar para o|ligue para o) ))(1\d\d)(?![\w.,])",
)

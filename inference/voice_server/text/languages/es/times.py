"""Dates, hours and dictated numbers in Spanish."""

from voice_server.text.codes import Codes
from voice_server.text.dates import Calendar
from voice_server.text.hours import HOUR, MINUTE, SECOND, Clock, InFull
from voice_server.text.languages.tables import word_set, words
from voice_server.text.numbers import Noun

_MONTHS = words("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre")

_SHORT = {name[:3]: number for number, name in enumerate(_MONTHS, 1)}

CALENDAR = Calendar(
    months=_MONTHS,
    short=_SHORT,
    day_first=True,
    day_month="{day} de {month}",
    month_year="{month} de {year}",
    with_year="{date} de {year}",
    first="primero",
    ordinal_days=False,
    patterns=(
        r"(?P<day>\d{1,2})(?P<mark>/|-)(?P<month><MONTH>)\.?(?:(?P=mark)(?P<year>\d{4}|\d{2}))?",
        r"(?P<day>\d{1,2})(?:\.?º)? (?i:de) (?P<month><MONTH>)(?i: del? (?P<year>\d{4}))?",
    ),
)

CLOCK = Clock(
    patterns=(
        rf"{HOUR}:{MINUTE}(?::{SECOND})?(?: ?(?:horas|hrs|hs|h)\.?)?<HALF>?",
        rf"{HOUR} ?h ?{MINUTE}(?: ?min)?",
        rf"{HOUR}<HALF>",
        r"(?<!\d-)(?<!\d - )(?P<hour>\d{1,3}) ?(?:hrs|hs|h)\.?(?=[^\w.]|\.?$|\. )",
    ),
    spoken=InFull(
        hour=Noun("hora", "horas", feminine=True),
        minute=Noun("minuto", "minutos"),
        second=Noun("segundo", "segundos"),
        joint="y",
    ),
    to="a",
    halves=dict.fromkeys(("a. m.", "a.m.", "am"), "a eme") | dict.fromkeys(("p. m.", "p.m.", "pm"), "pe eme"),
    goes_on=word_set("GMT UTC"),
)

_NAMED = "DNI|PIN|clave|contraseña|código(?: postal)?|tarjeta"
_THOUSANDS = r"[1-9]\d{0,2}(?:\.\d{3})++(?![.-]?\d)"
_END = r"(?![\w/-])(?![.,]\d)"

CODES = Codes(
    patterns=(
        r"(?:\+(?P<country>\d{1,3}) )?(?P<rest>[6-9]\d{2}[ -]\d{3}[ -]\d{3})",
        r"(?:\+(?P<country>\d{1,3}) )?(?P<rest>\(?\d{2,3}\)? \d{4}[ -]\d{4})",
    ),
    plus="más",
    named=(
        rf"\b((?:{_NAMED})(?: número| es)?:? )(?!{_THOUSANDS})(\d(?:[.-]?\d){{3,24}}+){_END}",
        rf"\b((?:llame al|llama al|marque el|marca el) )(\d{{3}}){_END}",
    ),
)

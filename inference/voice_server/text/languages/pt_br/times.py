"""Dates, hours and dictated numbers in Brazilian Portuguese."""

from voice_server.text.codes import Codes
from voice_server.text.dates import Calendar
from voice_server.text.hours import HOUR, MINUTE, SECOND, Clock, InFull
from voice_server.text.languages.tables import words
from voice_server.text.numbers import Noun

_MONTHS = words("janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro")
_SHORT = {name[:3]: number for number, name in enumerate(_MONTHS, 1)}

CALENDAR = Calendar(
    months=_MONTHS,
    short=_SHORT,
    day_first=True,
    day_month="{day} de {month}",
    month_year="{month} de {year}",
    with_year="{date} de {year}",
    first="primeiro",
    ordinal_days=False,
    patterns=(
        r"(?<=(?i:dia) )(?P<day>\d{1,2})/(?P<month>\d{1,2})",
        r"(?P<day>\d{1,2})(?P<mark>/|-)(?P<month><MONTH>)\.?(?:(?P=mark)(?P<year>\d{4}|\d{2}))?",
        r"(?P<day>\d{1,2})º? (?i:de )?(?P<month><MONTH>)\.?(?i: de | )(?P<year>\d{4})",
        r"(?P<day>\d{1,2})º? (?i:de) (?P<month><MONTH>)",
        r"(?P<month>(?<![\w/-])(?:<MONTH>))\.?/(?P<year>\d{4}|\d{2})",
    ),
)

CLOCK = Clock(
    patterns=(
        rf"{HOUR} ?h ?{MINUTE} ?(?:min|m) ?{SECOND} ?s",
        rf"{HOUR} ?h ?{MINUTE}(?: ?(?:minutos|min|m))?",
        rf"{HOUR}:{MINUTE}(?::{SECOND})?(?: ?(?:horas|hs|hrs|h))?",
        r"(?<!\d-)(?<!\d - )(?P<hour>\d{1,3}) ?(?:hrs|hs|h)\.?(?=[^\w.]|\.?$|\. )",
    ),
    spoken=InFull(
        hour=Noun("hora", "horas", feminine=True),
        minute=Noun("minuto", "minutos"),
        second=Noun("segundo", "segundos"),
        joint="e",
    ),
    to="às",
    halves={},
)

_CALLED = r"(?: (?:número|n\.?º|é|final|com final|terminad[oa] em))?:? "
_THOUSANDS = r"[1-9]\d{0,2}(?:\.\d{3})++(?![.-]?\d)"
_DIGITS = r"(\d(?:[.-]?\d){3,24}+)(?! \d{4})"
_END = r"(?![\w/-])(?![.,]\d)"
_AREA = r"0?(?P<area>[1-9]\d)"
_LINE = r"(?P<rest>(?:9[ .]?)?\d{4})"

CODES = Codes(
    patterns=(
        r"(?P<rest>\d{3}\.\d{3}\.\d{3}-\d{2})",
        r"(?P<rest>\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2})",
        r"(?P<rest>\d{1,2}\.\d{3}\.\d{3}-\d)",
        r"(?P<rest>\d{5}-\d{3}|\d{2}\.\d{3}-\d{3})",
        r"(?<=(?i:CEP) )(?P<rest>\d{5})(?P<last>\d{3})",
        r"(?<=(?i:CEP): )(?P<rest>\d{5})(?P<last>\d{3})",
        r"(?P<rest>\d{7}-\d\d\.\d{4}\.\d\.\d\d\.\d{4})",
        r"(?P<rest>\d{5}\.\d{5} \d{5}\.\d{6} \d{5}\.\d{6} \d \d{14})",
        r"(?P<rest>\d{11}-\d(?: \d{11}-\d){3})",
        r"(?P<rest>0[358]00)[ -]?(?P<last>\d{3}[ -]?\d{4})",
        rf"(?:\+(?P<country>\d{{1,3}})[ -]?)?\({_AREA}\)[ .-]?{_LINE}[ .-]?(?P<last>\d{{4}})",
        rf"\+(?P<country>55)[ -]?{_AREA}[ .-]?{_LINE}[ .-]?(?P<last>\d{{4}})",
        rf"\+(?P<country>\d{{1,3}})[ -]{_AREA}[ .-]{_LINE}[ .-](?P<last>\d{{4}})",
        rf"{_AREA}[ .-]{_LINE}[ -](?P<last>\d{{4}})",
        rf"{_AREA}(?P<rest>9\d{{4}})[ -]?(?P<last>\d{{4}})",
        r"(?P<rest>9\d{4}-\d{4})",
        r"(?P<rest>(?!(?:1\d|20)\d\d-(?:1\d|20)\d\d)\d{4}-\d{4})",
    ),
    plus="mais",
    named=(
        rf"\b((?:CPF|CNPJ|RG|CNH|PIS|NIS){_CALLED})(\d(?:[./-]?\d){{3,24}}+){_END}",
        rf"\b((?:senha|código|protocolo|matrícula|cartão|PIN){_CALLED})(?!{_THOUSANDS}){_DIGITS}{_END}",
        rf"\b((?:conta|agência){_CALLED})(\d{{3,}}-\d|\d{{4,}}+(?! ?\w)){_END}",
        rf"\b((?:ligue|disque|telefone|discar|ligar para o|ligue para o) )(1\d\d){_END}",
    ),
)

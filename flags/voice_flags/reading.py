"""Strict reading of JSON: each value is what it should be, or the error names the field and what to write."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from typing import Any, NoReturn
from urllib.parse import SplitResult, urlsplit

MAX_DOCUMENT = 1_048_576  # what one ConfigMap can hold
MAX_TEXT = 256
MAX_URL = 2048
MAX_INTEGER = 2**53 - 1  # what every JSON reader holds exactly

_EXACT = Context(prec=28)
_THOUSANDTH = Decimal("0.001")
_HUNDRED = Decimal(100)
_LONGEST_SHOWN = 60


class DocumentError(ValueError):
    """A flag document that cannot be trusted: the message names the field and what to write instead."""


def load(text: str) -> object:
    """The JSON value in `text`, fractions as exact decimals; NaN, Infinity, repeated fields are refused."""
    if len(text) > MAX_DOCUMENT:
        raise DocumentError(f"the document has {len(text)} characters; {MAX_DOCUMENT} are the most")
    try:
        return json.loads(
            text, parse_float=_decimal, parse_constant=_refuse_constant, object_pairs_hook=_without_repeats
        )
    except DocumentError:
        raise
    except RecursionError:
        raise DocumentError("the document is nested too deeply; write one flat JSON object") from None
    except ValueError as error:
        raise DocumentError(f"the document is not JSON: {error}") from None


def thousandths(where: str, percentage: Decimal | int) -> int:
    """A percentage as a whole number of thousandths, exactly; anything else is refused."""
    value = Decimal(percentage)
    rule = "write a number from 0 to 100 with at most three decimals"
    if not value.is_finite() or not 0 <= value <= _HUNDRED:
        raise DocumentError(f"{where}: {percentage} is not between 0 and 100; {rule}")
    rounded = value.quantize(_THOUSANDTH, context=_EXACT)
    if rounded != value:
        raise DocumentError(f"{where}: {percentage} has more than three decimals; {rule}")
    return int(rounded.scaleb(3, context=_EXACT))


@dataclass(frozen=True, slots=True)
class Field:
    """One JSON value with the place it stands at, so that an error can name it."""

    where: str
    value: Any

    def refuse(self, rule: str) -> NoReturn:
        raise DocumentError(f"{self.where or 'the document'}: {_shown(self.value)} is refused; {rule}")

    def members(self, names: Iterable[str]) -> dict[str, "Field"]:
        """The fields of an object that has exactly these names."""
        fields = self.items("an object")
        wanted = list(names)
        for name in fields:
            if name not in wanted:
                raise DocumentError(f"{fields[name].where}: unknown field; known are {', '.join(wanted)}")
        for name in wanted:
            if name not in fields:
                raise DocumentError(f"{_joined(self.where, name)}: missing; every field is written out")
        return fields

    def items(self, what: str) -> dict[str, "Field"]:
        if not isinstance(self.value, dict):
            self.refuse(f"write {what} in braces")
        return {name: Field(_joined(self.where, name), value) for name, value in self.value.items()}

    def text(self, *, longest: int = MAX_TEXT) -> str:
        if not isinstance(self.value, str):
            self.refuse("write text in quotes")
        if not 0 < len(self.value) <= longest:
            self.refuse(f"write 1 to {longest} characters")
        if not self.value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in self.value):
            self.refuse("write whole characters, not halves of a surrogate pair")
        return self.value

    def matching(self, pattern: re.Pattern[str], rule: str) -> str:
        text = self.text()
        if not pattern.fullmatch(text):
            self.refuse(rule)
        return text

    def one_of(self, choices: Iterable[str]) -> str:
        allowed = list(choices)
        if self.value not in allowed:
            self.refuse("write " + " or ".join(json.dumps(choice) for choice in allowed))
        return self.text()

    def integer(self, lowest: int) -> int:
        if type(self.value) is not int or not lowest <= self.value <= MAX_INTEGER:
            self.refuse(f"write a whole number from {lowest} to {MAX_INTEGER}")
        return self.value

    def percentage(self) -> Decimal:
        if isinstance(self.value, bool) or not isinstance(self.value, int | Decimal):
            self.refuse("write a number from 0 to 100, without quotes")
        thousandths(self.where, self.value)
        return Decimal(self.value)

    def url(self) -> str | None:
        if self.value is None:
            return None
        text = self.text(longest=MAX_URL)
        if not _is_plain_http(text):
            self.refuse("write null or an address such as http://name.namespace.svc:8000")
        return text

    def texts(self, *, most: int = MAX_DOCUMENT) -> tuple[str, ...]:
        if not isinstance(self.value, list):
            self.refuse("write a list in square brackets")
        if len(self.value) > most:
            raise DocumentError(f"{self.where}: {len(self.value)} entries; {most} are the most")
        if all(_is_plain(value) for value in self.value):  # tens of thousands of ids in a few milliseconds
            return tuple(self.value)
        return tuple(Field(f"{self.where}[{place}]", value).text() for place, value in enumerate(self.value))


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise DocumentError(
            f"the document holds {text}, a number beyond all use; write a smaller one"
        ) from None


def _refuse_constant(name: str) -> NoReturn:
    raise DocumentError(f"the document holds {name}, which is no JSON number; write a number")


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise DocumentError(f"{repeated}: written twice in one object; keep one")
    return fields


def _is_plain(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_TEXT and value.isascii()


def _is_plain_http(text: str) -> bool:
    try:
        url: SplitResult = urlsplit(text)
        port_is_sound = url.port is None or url.port > 0
    except ValueError:
        return False
    plain = not (url.username or url.password or url.query or url.fragment)
    return url.scheme in {"http", "https"} and bool(url.hostname) and port_is_sound and plain


def _joined(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _shown(value: object) -> str:
    text = json.dumps(value, default=str, ensure_ascii=True)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."

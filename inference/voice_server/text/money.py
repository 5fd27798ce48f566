"""Amounts of money: R$ 1.234,56, US$ 3 milhões, 10 €, 1,50 euros, R$ 5/kg, R$ 50 - R$ 100."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from voice_server.text.numbers import Noun, Number, Numerals
from voice_server.text.rules import END, LETTER, NUMBER, SIGN, START, Step, dash, one_of, rule

_CENT_DIGITS = 2


@dataclass(frozen=True, slots=True)
class Currency:
    unit: Noun
    cent: Noun | None = None


@dataclass(frozen=True, eq=False)
class Money:
    """Currencies by symbol, by code and by name, and the words for large amounts."""

    symbols: Mapping[str, Currency]  # written before or after the amount
    codes: Mapping[str, Currency]
    names: Mapping[str, Currency]  # written after the amount only
    magnitudes: Mapping[str, Noun]  # in lower case
    joint: str  # between units and cents
    of: str  # between millions and the currency
    per: str
    to: str
    per_units: Mapping[str, str]


def rules(money: Money, numerals: Numerals) -> Iterator[Step]:
    currencies = {**money.symbols, **money.codes, **money.names}
    symbol = "|".join(
        re.escape(each) for each in sorted({**money.symbols, **money.codes}, key=len, reverse=True)
    )
    magnitude = rf"(?i:{one_of(money.magnitudes)})(?!-)"
    per = rf"(?: ?/ ?(?P<per>{LETTER}{{1,12}}(?:\^?[23])?{END}))?"
    other = rf" (?!{magnitude}|{money.per}{END})\w"
    until = rf"(?:(?:-| - (?!{NUMBER}{other}))(?P<until>{NUMBER})(?! ?%))?"
    amount = rf"(?P<amount>{SIGN}{NUMBER}){until}(?: ?(?P<magnitude>{magnitude}))?"

    def say(found: re.Match[str]) -> str | None:
        if _is_within_word(found):
            return None
        said = _amount(found, money, currencies[found["symbol"]], numerals)
        if said is None:
            return None
        unit = found["per"]
        priced = f"{said} {money.per} {money.per_units.get(unit, unit)}" if unit else said
        return priced + (dash(found, to=money.to, minus=numerals.signs["-"]) if found["dash"] else "")

    yield rule(
        rf"(?<![^\s(])[-+](?P<symbol>{symbol}) ?(?=\d)", lambda found: f"{found['symbol']} {found[0][0]}"
    )
    yield rule(rf"(?<!\d)(?P<symbol>{symbol}) ?{amount}{per}(?P<dash> ?- ?(?=(?P=symbol) ?\d))?", say)
    yield rule(
        rf"{START}{amount} ?(?P<symbol>{symbol}|{one_of(money.names)}){per}"
        rf"(?P<dash> ?- ?(?={NUMBER}(?: ?{magnitude})? ?(?P=symbol)))?",
        say,
    )


def _is_within_word(found: re.Match[str]) -> bool:
    """A symbol of letters begins and ends where a word does."""
    start, end = found.span("symbol")
    text = found.string
    before = start > found.start() or start == 0 or not text[start - 1].isalpha()
    after = not text[end - 1].isalpha() or not text[end : end + 1].isalpha()
    return text[start].isalpha() and not (before and after)


def _amount(found: re.Match[str], money: Money, currency: Currency, numerals: Numerals) -> str | None:
    number = numerals.read(found["amount"])
    last = numerals.read(found["until"]) if found["until"] else None
    if number is None or (found["until"] and last is None):
        return None
    if last:
        first = numerals.words(number, currency.unit.form)
        return f"{first} {money.to} {_full(last, found['magnitude'], currency, money, numerals)}"
    return _full(number, found["magnitude"], currency, money, numerals)


def _full(number: Number, magnitude: str | None, currency: Currency, money: Money, numerals: Numerals) -> str:
    if magnitude:
        return _large(number, money.magnitudes[magnitude.lower()], currency, money, numerals)
    if not currency.cent or len(number.fraction) > _CENT_DIGITS:
        return numerals.count(number, currency.unit)
    units = Number(number.whole, sign=number.sign)
    cents = Number((number.fraction + "0")[:_CENT_DIGITS] if number.fraction else "")
    if cents.is_zero:
        return numerals.count(units, currency.unit)
    if units.is_zero:
        return numerals.count(Number(cents.whole, sign=number.sign), currency.cent)
    said = (numerals.count(units, currency.unit), money.joint, numerals.count(cents, currency.cent))
    return " ".join(said)


def _large(number: Number, magnitude: Noun, currency: Currency, money: Money, numerals: Numerals) -> str:
    is_thousand = magnitude.one == magnitude.many == numerals.scales[0][0]
    counted = Noun(magnitude.one, magnitude.many, currency.unit.feminine and is_thousand)
    of = "" if is_thousand else money.of
    return " ".join(filter(None, (numerals.count(number, counted), of, currency.unit.many)))

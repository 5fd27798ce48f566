"""Numbers that are dictated: telephones, CPF, CNPJ, CEP, cards. A breath follows each group of digits."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from voice_server.text.numbers import Numerals
from voice_server.text.rules import Step, rule

_COUNTRY = r"1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[2-9]\d\d"
_EVERYWHERE = (
    rf"\+(?P<country>{_COUNTRY}) ?(?P<rest>\d{{6,12}}+)",
    rf"\+(?P<country>{_COUNTRY}) (?P<rest>\d{{1,4}}(?:[ -]\d{{3,4}}){{2}})",
    r"(?P<rest>\d{4}(?:[ -]\d{4}){3})",
)
"""Telephone numbers with their country, the number of a card."""


@dataclass(frozen=True, eq=False)
class Codes:
    """Patterns of dictated numbers. A group named area or country is said as a number, the rest by digits.

    `named` are patterns with two groups, the words that name such a number and the number.
    """

    patterns: tuple[str, ...]
    plus: str
    named: tuple[str, ...] = ()


def rules(codes: Codes, numerals: Numerals) -> Iterator[Step]:
    def dictated(number: str) -> list[str]:
        return [numerals.dictated(run) for run in re.findall(r"\d+", number)]

    def say(found: re.Match[str]) -> str:
        groups = found.groupdict(default="")
        country, area = groups.get("country"), groups.get("area")
        said = [f"{codes.plus} {numerals.cardinal(country)}"] if country else []
        said += [numerals.cardinal(area)] if area else []
        return ", ".join(said + dictated(groups["rest"]) + dictated(groups.get("last", "")))

    for pattern in codes.named:
        yield rule(pattern, lambda found: found[1] + ", ".join(dictated(found[2])), re.IGNORECASE)
    for pattern in (*codes.patterns, *_EVERYWHERE):
        yield rule(rf"(?<![\w.,/-])(?:{pattern})(?![\w/-])(?![.,]\d)", say)

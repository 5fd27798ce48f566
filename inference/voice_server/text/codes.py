"""Numbers that are dictated: telephones, CPF, CNPJ, CEP. Each group of digits is said with a breath after it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from voice_server.text.numbers import Numerals
from voice_server.text.rules import Step, rule


@dataclass(frozen=True, eq=False)
class Codes:
    """Patterns of dictated numbers. A group named area or country is said as a number, the rest by digits."""

    patterns: tuple[str, ...]
    plus: str
    services: str = ""  # a pattern with one group: a short number that one dials


def rules(codes: Codes, numerals: Numerals) -> Iterator[Step]:
    def say(found: re.Match[str]) -> str:
        named = found.groupdict()
        said = [f"{codes.plus} {numerals.cardinal(named['country'])}"] if named.get("country") else []
        said += [numerals.cardinal(named["area"])] if named.get("area") else []
        said += [numerals.dictated(run) for run in re.findall(r"\d+", named["rest"])]
        return ", ".join(said)

    for pattern in codes.patterns:
        yield rule(rf"(?<![\w.,/-])(?:{pattern})(?![\w/-])(?![.,]\d)", say)
    if codes.services:
        yield rule(codes.services, lambda found: found[1] + numerals.dictated(found[2]))

"""Roman numerals, only where nothing else can be meant: século XX, Dom Pedro II, XV de Novembro, II Guerra."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from voice_server.text.nouns import Nouns
from voice_server.text.numbers import Form, Numerals
from voice_server.text.rules import END, LETTER, Step, rule

_NUMERAL = rf"[IVXLC]{{1,7}}{END}"
_CERTAIN = "[IVX]{2,6}"
_WELL_FORMED = re.compile("(?=.)C{0,3}(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_VALUES = {"XC": 90, "XL": 40, "IX": 9, "IV": 4, "C": 100, "L": 50, "X": 10, "V": 5, "I": 1}
_FIGURES = re.compile("|".join(_VALUES))
_RUN = re.compile("[IVXLC]+")


@dataclass(frozen=True, eq=False)
class Roman:
    """Words before which or after which a Roman numeral stands, and how it is read there."""

    centuries: Mapping[str, Form]  # read as an ordinal up to `largest_ordinal`, then as a number
    rulers: Mapping[str, Form]  # as centuries
    parts: frozenset[str]  # read as a number: capítulo IV, tipo II
    joints: tuple[str, ...]  # séculos XIX e XX
    largest_ordinal: int
    article: str = ""  # before an ordinal: Henry the Eighth
    of: str = ""  # XV de Novembro
    before_nouns: bool = False  # II Guerra Mundial


def rules(table: Roman, nouns: Nouns, numerals: Numerals) -> Iterator[Step]:
    joint = rf"(?:,? (?:{'|'.join(table.joints)}) |, ?| ?- ?)"
    yield rule(
        rf"\b(?P<word>{LETTER}{{3,12}}) (?P<run>{_NUMERAL}(?:{joint}{_NUMERAL}){{0,4}})",
        lambda found: _after(found, table, numerals),
    )
    if table.of:
        yield rule(
            rf"(?<![^\W_])({_CERTAIN})(?= {table.of} [A-ZÀ-Ý])",
            lambda found: _figures(found[1]) and numerals.cardinal(_figures(found[1])),
        )
    if table.before_nouns:
        yield rule(
            rf"(?<![^\W_])({_CERTAIN})(?= [A-ZÀ-Ý][a-zà-ÿ])", lambda found: _before(found, nouns, numerals)
        )


def _after(found: re.Match[str], table: Roman, numerals: Numerals) -> str | None:
    word = found["word"].lower()
    by_rank = {**table.centuries, **table.rulers}.get(word)
    is_name = found["word"][0].isupper() and found["word"][1:].islower()
    if by_rank is None and word not in table.parts and not (is_name and len(found["run"]) > 1):
        return None
    is_certain = by_rank is not None or not set(found["run"]) & set("LC")
    if not is_certain or (by_rank is None and found["run"] == "X"):
        return None
    article = table.article if word in table.rulers else ""

    def say(run: re.Match[str]) -> str:
        digits = _figures(run[0])
        if not digits:
            return run[0]
        if by_rank is None or int(digits) > table.largest_ordinal:
            return numerals.cardinal(digits)
        return article + numerals.ordinal(digits, by_rank)

    return f"{found['word']} {_RUN.sub(say, found['run'])}"


def _before(found: re.Match[str], nouns: Nouns, numerals: Numerals) -> str | None:
    digits = _figures(found[1])
    return numerals.ordinal(digits, nouns.form(found.string, 0, found.end(), one=True)) if digits else None


def _figures(roman: str) -> str:
    """The number in digits; empty where the letters make none."""
    if not _WELL_FORMED.fullmatch(roman):
        return ""
    return str(sum(_VALUES[figure] for figure in _FIGURES.findall(roman)))

"""Ordinals, ranges, powers, sums and scores, and last of all every number that is left."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from voice_server.text.nouns import Nouns
from voice_server.text.numbers import Form, Number, Numerals
from voice_server.text.rules import END, LETTER, NUMBER, SIGN, START, Step, dash, one_of, rule

_NAME = re.compile(r" [A-ZÀ-Ý][a-zà-ÿ]")
_LONGEST_SCORE = 12


@dataclass(frozen=True, eq=False)
class Quantities:
    """The words of a language for what numbers do together."""

    ordinals: Mapping[str, tuple[Form, str]]  # suffix: form, and the ending of a plural
    degree_ordinals: tuple[str, ...]  # words before which 1° stands for 1º
    to: str
    by: str  # 10 x 15
    against: str  # 2 x 1
    sizes: Collection[str]  # 3x4, which is no score
    ratio: str  # 3:2
    times: str  # 3x
    powers: Mapping[str, str]
    power: str
    operators: Mapping[str, str]
    plurals: tuple[tuple[str, str], ...] = ()  # endings of 1990s and 747s, and what is said for them


def before_all(numerals: Numerals) -> Iterator[Step]:
    """What has no zero before its mark gets one: .5%, $.50."""
    if numerals.drops_zero:
        mark = re.escape(numerals.decimal)
        yield rule(
            rf"(?<![^\s(\[$€£¥+-]){mark}(?=\d)", lambda _: f"0{numerals.decimal}", needs=numerals.decimal
        )


def before_units(table: Quantities, numerals: Numerals) -> Iterator[Step]:
    """Ordinals, for 1° often stands for 1º, and products, for 10 x 15 cm is one measure."""
    if table.plurals:
        yield rule(
            rf"{START}'?(\d{{1,4}}+)'?s{END}", lambda found: _plural(found[1], table, numerals), needs="s"
        )
    yield from _ordinals(table, numerals)

    def score(found: re.Match[str]) -> str | None:
        if found[0] in table.sizes:
            return None
        return f"{numerals.cardinal(found[1])} {table.against} {numerals.cardinal(found[2])}"

    yield rule(r"(?<![\w.,/-])(\d) ?[xX] ?(\d)(?![\w.,/-]| [ckm]?m\b)", score)
    yield rule(r"(?<=\d) ?[xX×] ?(?=\d)", lambda _: f" {table.by} ")


def rules(table: Quantities, nouns: Nouns, numerals: Numerals) -> Iterator[Step]:
    yield from _sums(table, numerals)
    yield from _numbers(table, nouns, numerals)


def _plural(digits: str, table: Quantities, numerals: Numerals) -> str:
    said = numerals.year(digits)
    ending, plural = next(pair for pair in table.plurals if said.endswith(pair[0]))
    return said.removesuffix(ending) + plural


def _ordinals(table: Quantities, numerals: Numerals) -> Iterator[Step]:
    letters = one_of(suffix for suffix in table.ordinals if suffix.isascii())
    signs = one_of(suffix for suffix in table.ordinals if not suffix.isascii())
    group = re.escape(numerals.group)

    def say(found: re.Match[str]) -> str:
        form, plural = table.ordinals[found["letters"] or found["sign"]]
        said = numerals.ordinal(found["number"].replace(numerals.group, ""), form)
        return " ".join(word + plural for word in said.split(" "))

    suffix = rf"(?:\.(?={LETTER}{{2}}))?(?P<letters>{letters})" + (
        rf"|\.?(?P<sign>{signs})" if signs else r"|(?P<sign>(?!))"
    )
    yield rule(rf"{START}(?P<number>[1-9]\d{{0,2}}(?:{group}\d{{3}}){{1,2}}+|\d{{1,7}}+)(?:{suffix})", say)
    if table.degree_ordinals:
        before = "|".join(table.degree_ordinals)
        yield rule(rf"{START}(\d{{1,3}}+)°(?= (?:{before}){END})", lambda found: numerals.ordinal(found[1]))


def _sums(table: Quantities, numerals: Numerals) -> Iterator[Step]:
    yield rule(
        r"\^(-?)(\d++)",
        lambda found: f" {table.powers.get(found[1] + found[2]) or _power(found, table, numerals)}",
        needs="^",
    )
    yield rule(
        r"(?<=\d) - (?=\d)", lambda found: dash(found, to=table.to, minus=numerals.signs["-"]), needs=" - "
    )
    yield rule(rf"(?<=\d) ?[xX]{END}", lambda _: f" {table.times}")
    operators = one_of(table.operators)
    yield rule(
        rf"(?<=\d) ?(?P<sign>{operators}) ?(?=[\d(-])", lambda found: f" {table.operators[found['sign']]} "
    )
    yield rule(r"(?<=\d):(?=\d)", lambda _: f" {table.ratio} ", needs=":")


def _power(found: re.Match[str], table: Quantities, numerals: Numerals) -> str:
    return f"{table.power} {numerals.say(found[1] + found[2])}"


def _numbers(table: Quantities, nouns: Nouns, numerals: Numerals) -> Iterator[Step]:
    result = re.compile(rf"\d(?:-| {table.against} )1$")

    def form(found: re.Match[str], number: Number | None) -> Form:
        is_one = number is not None and number.is_one
        text, end = found.string, found.end()
        if is_one and _NAME.match(text, end) and result.search(text, max(0, end - _LONGEST_SCORE), end):
            return Form.PLAIN
        return nouns.form(text, found.start(), end, one=is_one)

    def say_range(found: re.Match[str]) -> str:
        agreed = form(found, numerals.read(found[2]))
        return f"{numerals.say(found[1], agreed)} {table.to} {numerals.say(found[2], agreed)}"

    def say(found: re.Match[str]) -> str:
        number = numerals.read(found[0])
        if number is not None and found[0].isdecimal() and number.is_dictated:
            return numerals.dictated(found[0])
        agreed = form(found, number)
        if number is None:
            return numerals.say(found[0], agreed)
        is_counted = number.is_round_million and nouns.follows(found.string, found.end())
        return f"{numerals.words(number, agreed)}{' ' + numerals.of_millions if is_counted else ''}".rstrip()

    yield rule(rf"(?<![\w-])(?<!\d[.,])({NUMBER})-({NUMBER})(?!-?\w)", say_range, needs="-")
    yield rule(rf"(?<={LETTER})-(?=\d)", lambda _: " ", needs="-")
    yield rule(rf"(?<=\d)k{END}", lambda _: f" {numerals.scales[0][1]}", needs="k")
    yield rule(SIGN + NUMBER, say)

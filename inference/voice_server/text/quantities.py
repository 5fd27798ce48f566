"""Ordinals, fractions, ranges, powers, sums and scores, and last of all every number that is left."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from voice_server.text.nouns import Nouns
from voice_server.text.numbers import Form, Number, Numerals
from voice_server.text.rules import END, LETTER, NUMBER, SIGN, START, Step, one_of, rule

_LONGEST_NUMERATOR = 2
_LONGEST_DENOMINATOR = 4


@dataclass(frozen=True, eq=False)
class Quantities:
    """The words of a language for what numbers do together."""

    ordinals: Mapping[str, tuple[Form, str]]  # suffix: form, and the ending of a plural
    degree_ordinals: tuple[str, ...]  # words before which 1° stands for 1º
    half: Mapping[Form, str]
    parts: Mapping[int, tuple[str, str]]  # denominators with a name: one, many
    parts_suffix: tuple[str, str]  # what makes a denominator of a cardinal, up to `largest_part`: one, many
    largest_part: int
    and_: str
    slash: str
    to: str
    by: str  # 10 x 15
    against: str  # 2 x 1
    sizes: Collection[str]  # 3x4, which is no score
    ratio: str  # 3:2
    times: str  # 3x
    powers: Mapping[str, str]
    power: str
    operators: Mapping[str, str]
    minus: str


def rules(table: Quantities, nouns: Nouns, numerals: Numerals) -> Iterator[Step]:
    yield from _fractions(table, nouns, numerals)
    yield from _sums(table, numerals)
    yield from _numbers(table, nouns, numerals)


def before_units(table: Quantities, numerals: Numerals) -> Iterator[Step]:
    """Ordinals, for 1° often stands for 1º, and products, for 10 x 15 cm is one measure."""
    yield from _ordinals(table, numerals)
    score = r"(?<![\w.,/-])(\d) ?[xX] ?(\d)(?![\w.,/-]| [ckm]?m\b)"
    yield rule(
        score, lambda found: None if found[0] in table.sizes else f"{found[1]} {table.against} {found[2]}"
    )
    yield rule(r"(?<=\d) ?[xX×] ?(?=\d)", lambda _: f" {table.by} ")


def _ordinals(table: Quantities, numerals: Numerals) -> Iterator[Step]:
    letters = one_of(suffix for suffix in table.ordinals if suffix.isascii())
    signs = one_of(suffix for suffix in table.ordinals if not suffix.isascii())

    def say(found: re.Match[str]) -> str:
        form, plural = table.ordinals[found["letters"] or found["sign"]]
        said = numerals.ordinal(found["number"], form)
        return " ".join(word + plural for word in said.split(" "))

    suffix = rf"(?P<letters>{letters})" + (rf"|\.?(?P<sign>{signs})" if signs else r"|(?P<sign>(?!))")
    yield rule(rf"{START}(?P<number>\d{{1,7}}+)(?:{suffix})", say)
    if table.degree_ordinals:
        before = "|".join(table.degree_ordinals)
        yield rule(rf"{START}(\d{{1,3}}+)°(?= (?:{before}){END})", lambda found: numerals.ordinal(found[1]))


def _fractions(table: Quantities, nouns: Nouns, numerals: Numerals) -> Iterator[Step]:
    def say(found: re.Match[str]) -> str | None:
        many, one = (nouns.form(found.string, 0, found.end(), one=one) for one in (False, True))
        form = Form.FEMININE if Form.FEMININE in (many, one) else many
        share = _share(found["top"], found["bottom"], form, table, numerals)
        if share is None or not found["whole"]:
            return share
        return f"{numerals.cardinal(found['whole'], form)} {table.and_} {share}"

    yield rule(rf"{START}(?:(?P<whole>\d{{1,4}}+) )?(?P<top>\d++)/(?P<bottom>\d++)(?![/.,]?\d){END}", say)
    yield rule(r"(?<=\d) ?/ ?(?=\d)", lambda _: f" {table.slash} ")


def _share(top: str, bottom: str, form: Form, table: Quantities, numerals: Numerals) -> str | None:
    if (
        len(top) > _LONGEST_NUMERATOR
        or len(bottom) > _LONGEST_DENOMINATOR
        or top[0] == "0"
        or bottom[0] == "0"
    ):
        return None
    if (top, bottom) == ("1", "2"):
        return table.half.get(form, table.half[Form.PLAIN])
    count = numerals.cardinal(top, Form.MASCULINE)
    if int(bottom) in table.parts:
        return f"{count} {table.parts[int(bottom)][top != '1']}"
    if not int(top) < int(bottom) <= table.largest_part:
        return None
    return f"{count} {numerals.cardinal(bottom)}{table.parts_suffix[top != '1']}"


def _sums(table: Quantities, numerals: Numerals) -> Iterator[Step]:
    yield rule(
        r"\^(-?)(\d++)",
        lambda found: f" {table.powers.get(found[1] + found[2]) or _power(found, table, numerals)}",
    )
    yield rule(rf"(?<=\d) ?[xX]{END}", lambda _: f" {table.times}")
    operators = one_of(table.operators)
    yield rule(
        rf"(?<=\d) ?(?P<sign>{operators}) ?(?=[\d(-])", lambda found: f" {table.operators[found['sign']]} "
    )
    yield rule(r"(?<=\d):(?=\d)", lambda _: f" {table.ratio} ")
    yield rule(r"(?<=\d) - (?=\d)", lambda _: f" {table.minus} ")


def _power(found: re.Match[str], table: Quantities, numerals: Numerals) -> str:
    return f"{table.power} {numerals.say(found[1] + found[2])}"


def _numbers(table: Quantities, nouns: Nouns, numerals: Numerals) -> Iterator[Step]:
    def form(found: re.Match[str], number: Number | None) -> Form:
        is_one = number is not None and number.is_one
        return nouns.form(found.string, found.start(), found.end(), one=is_one)

    def say_range(found: re.Match[str]) -> str:
        agreed = form(found, numerals.read(found[2]))
        return f"{numerals.say(found[1], agreed)} {table.to} {numerals.say(found[2], agreed)}"

    def say(found: re.Match[str]) -> str:
        number = numerals.read(found[0])
        agreed = form(found, number)
        if number is None:
            return numerals.say(found[0], agreed)
        is_counted = number.is_round_million and nouns.follows(found.string, found.end())
        return f"{numerals.words(number, agreed)}{' ' + numerals.of_millions if is_counted else ''}".rstrip()

    yield rule(rf"(?<![\w-])(?<!\d[.,])({NUMBER})-({NUMBER})(?!-?\w)", say_range)
    yield rule(rf"(?<={LETTER})-(?=\d)", lambda _: " ")
    yield rule(rf"(?<=\d)k{END}", lambda _: f" {numerals.scales[0][1]}")
    yield rule(SIGN + NUMBER, say)

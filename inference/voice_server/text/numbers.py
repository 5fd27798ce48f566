"""Numerals in words. num2words names each group of three digits; how groups join is a table of the language."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cached_property, lru_cache

from num2words import num2words

LARGEST = 21
"""Digits of the largest number with a name here; a longer one is read out digit by digit."""
YEAR_DIGITS = 4
_LONGEST_FRACTION = 3
_SHORTEST_CODE = 3
_LONGEST_GROUP = 5
_SHORTEST_DICTATED = 11
_HUNDRED = 100
_MILLION_ZEROS = 6


class Form(Enum):
    """How a numeral agrees with what it counts."""

    PLAIN = auto()
    MASCULINE = auto()
    FEMININE = auto()


@dataclass(frozen=True, slots=True)
class Noun:
    """What is counted, in both numbers."""

    one: str
    many: str
    feminine: bool = False

    @property
    def form(self) -> Form:
        return Form.FEMININE if self.feminine else Form.MASCULINE


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it was written: digits before and after the mark, and the mark's name."""

    whole: str
    fraction: str = ""
    mark: str = ""
    sign: str = ""

    @property
    def is_one(self) -> bool:
        return self.whole.lstrip("0") == "1" and not self.fraction.strip("0")

    @property
    def is_below_two(self) -> bool:
        return self.whole.lstrip("0") in ("", "1")

    @property
    def is_zero(self) -> bool:
        return not (self.whole + self.fraction).strip("0")

    @property
    def is_dictated(self) -> bool:
        """Whether nobody reads it as one number where it is written without points: a CPF, a card."""
        return len(self.whole) >= _SHORTEST_DICTATED and not self.is_round_million

    @property
    def is_round_million(self) -> bool:
        digits = self.whole.lstrip("0")
        return (
            _MILLION_ZEROS < len(digits) <= LARGEST
            and digits.endswith("0" * _MILLION_ZEROS)
            and not self.fraction
        )


@dataclass(frozen=True, eq=False)
class Numerals:
    """The numerals of a language, as tables."""

    code: str  # the language's name in num2words
    group: str  # between thousands
    decimal: str
    signs: Mapping[str, str]
    comma: str
    point: str
    scales: tuple[tuple[str, str], ...]  # of a thousand, a million, ...: one, many
    one_thousand: str
    long_scale: bool = False  # every second scale is a thousand of the one below
    joint_before_last: str = " "  # before a last group below a hundred, or of whole hundreds
    without: str = "\0"  # a word of num2words' that is not said
    before_scale: Mapping[str, str] = field(default_factory=dict)
    forms: Mapping[Form, Mapping[str, str]] = field(default_factory=dict)
    ordinal_forms: Mapping[Form, Mapping[str, str]] = field(default_factory=dict)
    largest_ordinal: int = 999
    of_millions: str = ""  # between a round number of millions and what is counted
    singular_below_two: bool = False
    fraction_by_digits: bool = False
    code_digits: Mapping[str, str] = field(default_factory=dict)  # in a telephone number
    years_in_pairs: bool = False
    drops_zero: bool = False  # .5

    def read(self, token: str) -> Number | None:
        """The number that `token` (digits, points, commas, a sign) writes; None where it is a list of numbers."""
        sign, digits = (token[0], token[1:]) if token[0] in "+-" else ("", token)
        if own := self._own.fullmatch(digits):
            return self._number(own, self.decimal, sign)
        if other := self._other.fullmatch(digits):
            return self._number(other, self.group, sign)
        if pair := self._pair.fullmatch(digits):
            return self._number(pair, self.group, sign)
        return None

    def say(self, token: str, form: Form = Form.PLAIN) -> str:
        """`token` in words, whatever digits, points and commas it holds."""
        number = self.read(token)
        if number is not None:
            return self.words(number, form)
        marks = {".": f" {self.point} ", ",": ", "}
        return "".join(
            marks.get(part) or self._whole(part, form) for part in re.split("([.,])", token.strip("+-"))
        )

    def words(self, number: Number, form: Form = Form.PLAIN) -> str:
        whole = self._whole(number.whole, form)
        signed = f"{self.signs[number.sign]} {whole}" if number.sign else whole
        return f"{signed} {number.mark} {self._fraction(number.fraction)}" if number.fraction else signed

    def count(self, number: Number, noun: Noun) -> str:
        """`number` and what it counts, agreeing."""
        singular = number.is_below_two if self.singular_below_two else number.is_one
        of = self.of_millions if number.is_round_million else ""
        return " ".join(
            filter(None, (self.words(number, noun.form), of, noun.one if singular else noun.many))
        )

    def cardinal(self, digits: str, form: Form = Form.PLAIN) -> str:
        """A run of digits as one number; one that is longer than LARGEST as its digits, in groups."""
        digits = digits.lstrip("0") or "0"
        return _cardinal(self, digits, form) if len(digits) <= LARGEST else self.in_groups(digits)

    def ordinal(self, digits: str, form: Form = Form.PLAIN) -> str:
        if len(digits) > LARGEST or not 0 < int(digits) <= self.largest_ordinal:
            return self.cardinal(digits, form)
        said = self.named(int(digits), "ordinal")
        return _in_form(said, self.ordinal_forms.get(form, {}))

    def year(self, digits: str) -> str:
        """A year as it is said: in English in pairs, nineteen ninety-nine."""
        if not self.years_in_pairs or len(digits) != YEAR_DIGITS:
            return self.cardinal(digits)
        return self.named(int(digits), "year")

    def digits(self, run: str) -> str:
        """Each digit by its name."""
        return " ".join(self._names[digit] for digit in run)

    def in_groups(self, run: str) -> str:
        """Each digit by its name, with a breath after every third, or fourth."""
        return ", ".join(map(self.digits, _groups(run)))

    def dictated(self, run: str) -> str:
        """Each digit as one dictates it, as in a telephone number; a long run in groups."""
        groups = _groups(run) if len(run) > _LONGEST_GROUP else [run]
        return ", ".join(
            " ".join(self.code_digits.get(digit, self._names[digit]) for digit in group) for group in groups
        )

    def named(self, value: int, to: str = "cardinal") -> str:
        """`value` as num2words says it, without the words that are not said here."""
        return str(num2words(value, lang=self.code, to=to)).replace(self.without, " ")

    def _whole(self, digits: str, form: Form) -> str:
        is_code = len(digits) >= _SHORTEST_CODE and digits[0] == "0"
        return self.in_groups(digits) if is_code else self.cardinal(digits, form)

    def _fraction(self, digits: str) -> str:
        rest = digits.lstrip("0")
        if self.fraction_by_digits or len(digits) > _LONGEST_FRACTION or not rest:
            return self.digits(digits)
        zeros = self.digits(digits[: len(digits) - len(rest)])
        return f"{zeros} {self.cardinal(rest)}".lstrip()

    def _number(self, found: re.Match[str], mark: str, sign: str) -> Number:
        whole, fraction = found[1], found[2]
        spoken = {",": self.comma, ".": self.point}[mark]
        return Number(re.sub("[.,]", "", whole), fraction or "", spoken, sign)

    @cached_property
    def _names(self) -> Mapping[str, str]:
        return {str(digit): self.named(digit) for digit in range(10)}

    @cached_property
    def _own(self) -> re.Pattern[str]:
        return re.compile(
            rf"([1-9]\d{{0,2}}(?:{re.escape(self.group)}\d{{3}})+|\d+)(?:{re.escape(self.decimal)}(\d+))?"
        )

    @cached_property
    def _other(self) -> re.Pattern[str]:
        """The other half of the world's way, where nothing but that can be meant: 1,234,567 or 1,234.5."""
        many, decimal = re.escape(self.decimal), re.escape(self.group)
        return re.compile(
            rf"([1-9]\d{{0,2}}(?:(?:{many}\d{{3}}){{2,}}|(?:{many}\d{{3}})+(?={decimal})))(?:{decimal}(\d+))?"
        )

    @cached_property
    def _pair(self) -> re.Pattern[str]:
        return re.compile(rf"(\d+){re.escape(self.group)}(\d+)")


def _groups(run: str) -> list[str]:
    """In fours where that leaves none over, else in threes; a last digit is not left alone."""
    size = 4 if len(run) % 4 == 0 and len(run) % 3 else 3
    groups = [run[start : start + size] for start in range(0, len(run), size)]
    if len(groups) > 1 and len(groups[-1]) == 1:
        last = groups.pop()
        groups[-1] += last
    return groups


@lru_cache(maxsize=4096)
def _cardinal(numerals: Numerals, digits: str, form: Form) -> str:
    groups = [int(digits[max(0, end - 3) : end]) for end in range(len(digits), 0, -3)]
    if not any(groups):
        return _below_thousand(numerals, 0, form)
    said = ""
    for index in reversed(range(len(groups))):
        if part := _scaled(numerals, groups, index, form):
            said += (_joint(numerals, groups, index) if said else "") + part
    return said


def _joint(numerals: Numerals, groups: list[int], index: int) -> str:
    is_last = not any(groups[:index])
    is_short = groups[index] < _HUNDRED or groups[index] % _HUNDRED == 0
    return numerals.joint_before_last if is_last and is_short else " "


def _scaled(numerals: Numerals, groups: list[int], index: int, form: Form) -> str:
    value = groups[index]
    if index == 0:
        return _below_thousand(numerals, value, form) if value else ""
    one, many = numerals.scales[index - 1]
    has_thousands = numerals.long_scale and index % 2 == 0 and any(groups[index + 1 : index + 2])
    if not value:
        return many if has_thousands else ""
    if value == 1 and many == numerals.scales[0][1]:
        return numerals.one_thousand
    said = _below_thousand(numerals, value, form if index == 1 else Form.PLAIN)
    return f"{_in_form(said, numerals.before_scale)} {one if value == 1 and not has_thousands else many}"


def _below_thousand(numerals: Numerals, value: int, form: Form) -> str:
    return _in_form(numerals.named(value), numerals.forms.get(form, {}))


def _in_form(said: str, changes: Mapping[str, str]) -> str:
    return " ".join(changes.get(word, word) for word in said.split(" ")) if changes else said

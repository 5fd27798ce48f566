"""Numerals, fractions and Roman numerals in American English."""

from voice_server.text.fractions import Fractions
from voice_server.text.languages.en_us.amounts import ARTICLED
from voice_server.text.languages.tables import pairs, word_set, words
from voice_server.text.nouns import Nouns
from voice_server.text.numbers import Form, Numerals
from voice_server.text.quantities import Quantities
from voice_server.text.roman import Roman

NUMERALS = Numerals(
    code="en",
    group=",",
    decimal=".",
    signs={"-": "minus", "+": "plus"},
    comma="comma",
    point="point",
    scales=tuple(
        (name, name) for name in ("thousand", "million", "billion", "trillion", "quadrillion", "quintillion")
    ),
    one_thousand="one thousand",
    without=" and ",
    largest_ordinal=99_999,
    fraction_by_digits=True,
    years_in_pairs=True,
    drops_zero=True,
)

FRACTIONS = Fractions(
    half={Form.PLAIN: "one half"},
    parts={
        2: ("half", "halves"),
        3: ("third", "thirds"),
        4: ("quarter", "quarters"),
        5: ("fifth", "fifths"),
        6: ("sixth", "sixths"),
        7: ("seventh", "sevenths"),
        8: ("eighth", "eighths"),
        9: ("ninth", "ninths"),
        10: ("tenth", "tenths"),
        12: ("twelfth", "twelfths"),
        16: ("sixteenth", "sixteenths"),
        20: ("twentieth", "twentieths"),
        32: ("thirty-second", "thirty-seconds"),
        100: ("hundredth", "hundredths"),
        1000: ("thousandth", "thousandths"),
    },
    suffix=("", ""),
    largest_part=0,
    and_="and",
    slash="slash",
    over="",
    half_unit="half {unit}",
    part_unit="{share} of {unit}",
    mixed="{whole} and {share} {units}",
    articled=ARTICLED,
)

QUANTITIES = Quantities(
    ordinals=dict.fromkeys(("st", "nd", "rd", "th", "ST", "ND", "RD", "TH"), (Form.PLAIN, "")),
    degree_ordinals=(),
    to="to",
    by="by",
    against="to",
    sizes=("3x4", "4x4"),
    ratio="to",
    times="times",
    powers={"2": "squared", "3": "cubed"},
    power="to the power of",
    operators=pairs("""
        + | plus
        = | equals
        * | times
        ÷ | divided by
        ± | plus or minus
        < | less than
        > | greater than
        ≤ | less than or equal to
        ≥ | greater than or equal to
        ≠ | not equal to
        ≈ | approximately
    """),
    plurals=(("y", "ies"), ("x", "xes"), ("", "s")),
)

_RULERS = words(
    "henry louis elizabeth george edward richard william james charles mary john paul benedict pius "
    "nicholas philip alexander napoleon pedro leo"
)

ROMAN = Roman(
    centuries={},
    rulers=dict.fromkeys(_RULERS, Form.PLAIN),
    parts=word_set(
        "chapter volume part phase type act scene article level class section title war bowl book"
    ),
    joints=("and", "to", "or"),
    largest_ordinal=99,
    article="the ",
)

NOUNS = Nouns()

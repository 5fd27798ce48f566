"""Numerals, fractions and Roman numerals in Spanish."""

from voice_server.text.fractions import Fractions
from voice_server.text.languages.tables import pairs, word_set, words
from voice_server.text.nouns import Nouns
from voice_server.text.numbers import Form, Numerals
from voice_server.text.quantities import Quantities
from voice_server.text.roman import Roman

_HUNDREDS = words("doscient trescient cuatrocient quinient seiscient setecient ochocient novecient")

_RANKS = words(
    "primer segund tercer cuart quint sext séptim octav noven décim undécim duodécim vigésim trigésim "
    "cuadragésim quincuagésim sexagésim septuagésim octogésim nonagésim centésim decimoprimer "
    "decimosegund decimotercer decimocuart decimoquint decimosext decimoséptim decimoctav decimonoven"
)

_APOCOPE = {"uno": "un", "veintiuno": "veintiún"}

NUMERALS = Numerals(
    code="es",
    group=".",
    decimal=",",
    signs={"-": "menos", "+": "más"},
    comma="coma",
    point="punto",
    scales=(
        ("mil", "mil"),
        ("millón", "millones"),
        ("mil", "mil"),
        ("billón", "billones"),
        ("mil", "mil"),
        ("trillón", "trillones"),
    ),
    one_thousand="mil",
    long_scale=True,
    before_scale=_APOCOPE,
    forms={
        Form.MASCULINE: _APOCOPE,
        Form.FEMININE: {"uno": "una", "veintiuno": "veintiuna"}
        | {f"{stem}os": f"{stem}as" for stem in _HUNDREDS},
    },
    ordinal_forms={
        Form.FEMININE: {f"{stem}o": f"{stem}a" for stem in _RANKS},
        Form.MASCULINE: {"primero": "primer", "tercero": "tercer"},
    },
    largest_ordinal=99,
    of_millions="de",
)

NOUNS = Nouns(
    joints=("a", "y", "o", "u", "hasta"),
    thousand="mil",
    singular_determiners=("la",),
    determiners=word_set("las unas estas esas aquellas otras"),
    plural_endings=("as", "ciones", "siones", "dades", "tudes"),
    plurals=word_set(
        "veces mujeres noches tardes partes clases calles llaves luces voces manos flores leyes"
    ),
    not_plurals=word_set(
        "días mapas planetas problemas sistemas temas programas climas idiomas poemas kilogramas poetas "
        "atletas colegas turistas artistas periodistas dentistas guardias"
    ),
    masculine_endings=("emas", "omas"),
    singular_endings=("a", "ción", "sión", "dad", "tud"),
    singulars=word_set("vez mujer noche tarde parte clase calle llave luz voz mano flor ley"),
    not_singulars=word_set(
        "día mapa planeta problema sistema tema programa clima idioma poema poeta atleta colega turista "
        "artista periodista dentista guardia era estaba"
    ),
    not_nouns=word_set(
        "a al de del y e o u en es por para con sin que más menos no fue era son está estaba se lo la el "
        "los las si ni como pero desde hasta contra entre ya"
    ),
)

_MASCULINE = Form.PLAIN, ""

_FEMININE = Form.FEMININE, ""

_SHORTENED = Form.MASCULINE, ""

FRACTIONS = Fractions(
    half={Form.PLAIN: "medio", Form.MASCULINE: "medio", Form.FEMININE: "media"},
    parts={
        2: ("medio", "medios"),
        3: ("tercio", "tercios"),
        4: ("cuarto", "cuartos"),
        5: ("quinto", "quintos"),
        6: ("sexto", "sextos"),
        7: ("séptimo", "séptimos"),
        8: ("octavo", "octavos"),
        9: ("noveno", "novenos"),
        10: ("décimo", "décimos"),
        12: ("doceavo", "doceavos"),
        15: ("quinceavo", "quinceavos"),
        16: ("dieciseisavo", "dieciseisavos"),
        20: ("veinteavo", "veinteavos"),
        100: ("centésimo", "centésimos"),
        1000: ("milésimo", "milésimos"),
    },
    suffix=("", ""),
    largest_part=0,
    and_="y",
    slash="barra",
    over="",
    half_unit="{half} {unit}",
    part_unit="{share} de {unit}",
    mixed="{counted} y {share}",
    articled={},
)

QUANTITIES = Quantities(
    ordinals={
        **dict.fromkeys(("º", "o", "ro", "do", "to", "mo", "vo", "no"), _MASCULINE),
        **dict.fromkeys(("ª", "a", "ra", "da", "ta", "ma", "va", "na"), _FEMININE),
        "er": _SHORTENED,
        "ºs": (Form.PLAIN, "s"),
        "ªs": (Form.FEMININE, "s"),
    },
    degree_ordinals=("lugar", "piso", "grado", "puesto", "de", "día"),
    to="a",
    by="por",
    against="a",
    sizes=("3x4", "4x4"),
    ratio="a",
    times="veces",
    powers={"2": "al cuadrado", "3": "al cubo"},
    power="elevado a",
    operators=pairs("""
        + | más
        = | igual a
        * | por
        ÷ | dividido por
        ± | más o menos
        < | menor que
        > | mayor que
        ≤ | menor o igual a
        ≥ | mayor o igual a
        ≠ | distinto de
        ≈ | aproximadamente
    """),
)

_RULERS = words(
    "felipe carlos alfonso fernando juan pablo benedicto enrique luis pío jorge eduardo pedro francisco león"
)

_QUEENS = ("isabel", "maría", "catalina", "margarita")

ROMAN = Roman(
    centuries={"siglo": Form.PLAIN, "siglos": Form.PLAIN, "milenio": Form.PLAIN},
    rulers=dict.fromkeys(_RULERS, Form.PLAIN) | dict.fromkeys(_QUEENS, Form.FEMININE),
    parts=word_set(
        "capítulo tomo volumen libro título anexo parte fase tipo acto escena artículo nivel grado"
    ),
    joints=("y", "a", "al", "o"),
    largest_ordinal=10,
    before_nouns=True,
)

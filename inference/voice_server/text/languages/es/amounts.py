"""Money and measures in Spanish."""

from voice_server.text.languages.tables import nouns, words
from voice_server.text.money import Currency, Money
from voice_server.text.numbers import Noun
from voice_server.text.units import Measures

_CENT = Noun("centavo", "centavos")

_EURO_CENT = Noun("céntimo", "céntimos")

_DOLLAR = Currency(Noun("dólar", "dólares"), Noun("centavo", "centavos"))

_EURO = Currency(Noun("euro", "euros"), _EURO_CENT)

_POUND = Currency(Noun("libra", "libras", feminine=True), Noun("penique", "peniques"))

_REAL = Currency(Noun("real", "reales"), _CENT)

_YEN = Currency(Noun("yen", "yenes"))

_UNITS = nouns("""
    km Km           | kilómetro             | kilómetros
    m mts           | metro                 | metros
    cm              | centímetro            | centímetros
    mm              | milímetro             | milímetros
    m^2 m2          | metro cuadrado        | metros cuadrados
    km^2 km2        | kilómetro cuadrado    | kilómetros cuadrados
    m^3 m3          | metro cúbico          | metros cúbicos
    cm^3 cm3        | centímetro cúbico     | centímetros cúbicos
    ha              | hectárea              | hectáreas   | f
    kg Kg           | kilo                  | kilos
    g gr            | gramo                 | gramos
    mg              | miligramo             | miligramos
    t               | tonelada              | toneladas   | f
    l L             | litro                 | litros
    ml mL           | mililitro             | mililitros
    km/h            | kilómetro por hora    | kilómetros por hora
    m/s             | metro por segundo     | metros por segundo
    h hs hrs        | hora                  | horas       | f
    min min.        | minuto                | minutos
    s seg seg.      | segundo               | segundos
    ms              | milisegundo           | milisegundos
    W               | vatio                 | vatios
    kW              | kilovatio             | kilovatios
    MW              | megavatio             | megavatios
    kWh             | kilovatio hora        | kilovatios hora
    V               | voltio                | voltios
    Hz              | hercio                | hercios
    MHz             | megahercio            | megahercios
    GHz             | gigahercio            | gigahercios
    KB              | kilobyte              | kilobytes
    MB              | megabyte              | megabytes
    GB              | gigabyte              | gigabytes
    TB              | terabyte              | terabytes
    Mbps            | megabit por segundo   | megabits por segundo
    rpm             | revolución por minuto | revoluciones por minuto | f
    cal             | caloría               | calorías    | f
    kcal            | kilocaloría           | kilocalorías | f
    dB              | decibelio             | decibelios
    °               | grado                 | grados
    °C ºC           | grado Celsius         | grados Celsius
    °F ºF           | grado Fahrenheit      | grados Fahrenheit
    %               | por ciento            | por ciento
    ‰               | por mil               | por mil
""")

MONEY = Money(
    symbols={"US$": _DOLLAR, "R$": _REAL, "$": _DOLLAR, "€": _EURO, "£": _POUND, "¥": _YEN},
    codes={"USD": _DOLLAR, "EUR": _EURO, "GBP": _POUND, "MXN": Currency(Noun("peso", "pesos"), _CENT)},
    names={"dólares": _DOLLAR, "euros": _EURO},
    magnitudes=nouns("""
            mil k                  | mil     | mil
            millón millones m mill | millón  | millones
            billón billones        | billón  | billones
        """),
    joint="con",
    of="de",
    per="por",
    to="a",
    per_units={key: noun.one for key, noun in _UNITS.items()},
)

MEASURES = Measures(
    units=_UNITS,
    per="por",
    to="a",
    joints=("a", "y", "o", "hasta"),
    before={"ha": r" (?:del?|[yo])\b| ?[.,;:!?)]|$"},
    per_words=words("día semana mes año hora minuto segundo persona habitante noche"),
    alone=words("km kg km/h cm mm ml mg kWh °C"),
)

"""Money and measures in Brazilian Portuguese."""

from voice_server.text.languages.tables import nouns, words
from voice_server.text.money import Currency, Money
from voice_server.text.numbers import Noun
from voice_server.text.units import Measures

_CENT = Noun("centavo", "centavos")
_REAL = Currency(Noun("real", "reais"), _CENT)
_DOLLAR = Currency(Noun("dólar", "dólares"), _CENT)
_EURO = Currency(Noun("euro", "euros"), _CENT)
_POUND = Currency(Noun("libra", "libras", feminine=True), Noun("pêni", "pence"))
_YEN = Currency(Noun("iene", "ienes"))
_PESO = Currency(Noun("peso", "pesos"), _CENT)

_MAGNITUDES = nouns("""
    mil k                            | mil     | mil
    milhão milhões milhao milhoes mi mm | milhão  | milhões
    bilhão bilhões bilhao bilhoes bi | bilhão  | bilhões
    trilhão trilhões trilhoes tri    | trilhão | trilhões
""")

_INTEREST = {
    f"%{space}{each}": Noun(said, said)
    for each, said in (
        ("a.a.", "por cento ao ano"),
        ("a.m.", "por cento ao mês"),
        ("a.d.", "por cento ao dia"),
    )
    for space in (" ", "")
}

_UNITS = _INTEREST | nouns("""
    km Km KM          | quilômetro            | quilômetros
    m mts             | metro                 | metros
    dm                | decímetro             | decímetros
    cm                | centímetro            | centímetros
    mm                | milímetro             | milímetros
    μm                | micrômetro            | micrômetros
    m^2 m2            | metro quadrado        | metros quadrados
    km^2 km2          | quilômetro quadrado   | quilômetros quadrados
    cm^2 cm2          | centímetro quadrado   | centímetros quadrados
    mm^2 mm2          | milímetro quadrado    | milímetros quadrados
    m^3 m3            | metro cúbico          | metros cúbicos
    cm^3 cm3          | centímetro cúbico     | centímetros cúbicos
    dm^3 dm3          | decímetro cúbico      | decímetros cúbicos
    km^3 km3          | quilômetro cúbico     | quilômetros cúbicos
    ha                | hectare               | hectares
    kg Kg KG          | quilo                 | quilos
    g gr              | grama                 | gramas
    mg                | miligrama             | miligramas
    μg mcg            | micrograma            | microgramas
    t ton             | tonelada              | toneladas   | f
    l L lt            | litro                 | litros
    ml mL ML          | mililitro             | mililitros
    h hs hrs          | hora                  | horas       | f
    min min.          | minuto                | minutos
    s seg seg.        | segundo               | segundos
    ms                | milissegundo          | milissegundos
    km/h Km/h KM/h KM/H kmh | quilômetro por hora | quilômetros por hora
    m/s               | metro por segundo     | metros por segundo
    m/s^2 m/s2        | metro por segundo ao quadrado | metros por segundo ao quadrado
    rpm RPM           | rotação por minuto    | rotações por minuto | f
    bpm               | batimento por minuto  | batimentos por minuto
    fps               | quadro por segundo    | quadros por segundo
    ppm               | parte por milhão      | partes por milhão | f
    W                 | watt                  | watts
    kW                | quilowatt             | quilowatts
    MW                | megawatt              | megawatts
    GW                | gigawatt              | gigawatts
    kWh               | quilowatt-hora        | quilowatts-hora
    MWh               | megawatt-hora         | megawatts-hora
    V                 | volt                  | volts
    kV                | quilovolt             | quilovolts
    mA                | miliampere            | miliamperes
    mAh               | miliampere-hora       | miliamperes-hora
    Hz                | hertz                 | hertz
    kHz               | quilohertz            | quilohertz
    MHz               | mega-hertz            | mega-hertz
    GHz               | giga-hertz            | giga-hertz
    KB kB             | quilobyte             | quilobytes
    MB                | megabyte              | megabytes
    GB                | gigabyte              | gigabytes
    TB                | terabyte              | terabytes
    kbps              | quilobit por segundo  | quilobits por segundo
    Mbps Mb/s         | megabit por segundo   | megabits por segundo
    Gbps Gb/s         | gigabit por segundo   | gigabits por segundo
    cal               | caloria               | calorias    | f
    kcal              | quilocaloria          | quilocalorias | f
    kJ                | quilojoule            | quilojoules
    Pa                | pascal                | pascals
    hPa               | hectopascal           | hectopascals
    kPa               | quilopascal           | quilopascals
    dB                | decibel               | decibéis
    px                | pixel                 | pixels
    pol pol.          | polegada              | polegadas   | f
    °                 | grau                  | graus
    °C ºC             | grau Celsius          | graus Celsius
    °F ºF             | grau Fahrenheit       | graus Fahrenheit
    %                 | por cento             | por cento
    ‰                 | por mil               | por mil
    p.p. pp           | ponto percentual      | pontos percentuais
    mi                | milhão                | milhões
    bi                | bilhão                | bilhões
    tri               | trilhão               | trilhões
""")

MEASURES = Measures(
    units=_UNITS,
    per="por",
    to="a",
    joints=("a", "e", "ou", "até"),
    per_words=words("dia semana mês ano hora minuto segundo pessoa habitante aluno litro unidade noite"),
    alone=words("km kg km/h cm mm ml mg kWh °C"),
)

MONEY = Money(
    symbols={
        "R$": _REAL,
        "US$": _DOLLAR,
        "U$": _DOLLAR,
        "A$": Currency(Noun("dólar australiano", "dólares australianos"), _CENT),
        "C$": Currency(Noun("dólar canadense", "dólares canadenses"), _CENT),
        "$": _DOLLAR,
        "€": _EURO,
        "£": _POUND,
        "¥": _YEN,
        "¢": Currency(_CENT),
        "₿": Currency(Noun("bitcoin", "bitcoins")),
    },
    codes={
        "BRL": _REAL,
        "USD": _DOLLAR,
        "EUR": _EURO,
        "GBP": _POUND,
        "JPY": _YEN,
        "ARS": _PESO,
        "BTC": Currency(Noun("bitcoin", "bitcoins")),
    },
    names={"real": _REAL, "reais": _REAL, "dólares": _DOLLAR, "euros": _EURO},
    magnitudes=_MAGNITUDES,
    joint="e",
    of="de",
    per="por",
    to="a",
    per_units={key: noun.one for key, noun in _UNITS.items()} | {"mes": "mês", "h": "hora"},
)

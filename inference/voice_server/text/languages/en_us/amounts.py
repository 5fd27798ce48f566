"""Money and measures in American English."""

from voice_server.text.languages.tables import nouns, words
from voice_server.text.money import Currency, Money
from voice_server.text.numbers import Noun
from voice_server.text.units import Measures

_CENT = Noun("cent", "cents")

_DOLLAR = Currency(Noun("dollar", "dollars"), _CENT)

_EURO = Currency(Noun("euro", "euros"), _CENT)

_POUND = Currency(Noun("pound", "pounds"), Noun("penny", "pence"))

_REAL = Currency(Noun("real", "reais"), Noun("centavo", "centavos"))

_YEN = Currency(Noun("yen", "yen"))

_UNITS = nouns("""
    mi miles        | mile                | miles
    ft ft.          | foot                | feet
    in.             | inch                | inches
    yd yd.          | yard                | yards
    lb lbs lb. lbs. | pound               | pounds
    oz oz.          | ounce               | ounces
    gal gal.        | gallon              | gallons
    mph             | mile per hour       | miles per hour
    mpg             | mile per gallon     | miles per gallon
    km              | kilometer           | kilometers
    m               | meter               | meters
    cm              | centimeter          | centimeters
    mm              | millimeter          | millimeters
    m^2 m2          | square meter        | square meters
    km^2 km2        | square kilometer    | square kilometers
    m^3 m3          | cubic meter         | cubic meters
    cm^3 cm3        | cubic centimeter    | cubic centimeters
    sq.ft. sqft     | square foot         | square feet
    kg              | kilogram            | kilograms
    g               | gram                | grams
    mg              | milligram           | milligrams
    l L             | liter               | liters
    ml mL           | milliliter          | milliliters
    km/h kph        | kilometer per hour  | kilometers per hour
    m/s             | meter per second    | meters per second
    h hr hrs hr. hrs. | hour                | hours
    min mins min.   | minute              | minutes
    s sec secs sec. secs. | second              | seconds
    ms              | millisecond         | milliseconds
    W               | watt                | watts
    kW              | kilowatt            | kilowatts
    MW              | megawatt            | megawatts
    kWh             | kilowatt hour       | kilowatt hours
    V               | volt                | volts
    mAh             | milliamp hour       | milliamp hours
    Hz              | hertz               | hertz
    kHz             | kilohertz           | kilohertz
    MHz             | megahertz           | megahertz
    GHz             | gigahertz           | gigahertz
    KB              | kilobyte            | kilobytes
    MB              | megabyte            | megabytes
    GB              | gigabyte            | gigabytes
    TB              | terabyte            | terabytes
    Mbps            | megabit per second  | megabits per second
    Gbps            | gigabit per second  | gigabits per second
    rpm             | revolution per minute | revolutions per minute
    cal             | calorie             | calories
    kcal            | kilocalorie         | kilocalories
    dB              | decibel             | decibels
    px              | pixel               | pixels
    °               | degree              | degrees
    °C              | degree Celsius      | degrees Celsius
    °F              | degree Fahrenheit   | degrees Fahrenheit
    %               | percent             | percent
    ‰               | per mille           | per mille
""")

ARTICLED = {
    noun.one: f"{'an' if noun.one.startswith((*'aeiou', 'hour')) else 'a'} {noun.one}"
    for noun in _UNITS.values()
    if not noun.one.startswith("per")
}
"""Units as that of which there is a part: three quarters of an inch."""

MONEY = Money(
    symbols={
        "US$": _DOLLAR,
        "R$": _REAL,
        "$": _DOLLAR,
        "€": _EURO,
        "£": _POUND,
        "¥": _YEN,
        "¢": Currency(_CENT),
    },
    codes={"USD": _DOLLAR, "EUR": _EURO, "GBP": _POUND, "BRL": _REAL, "JPY": _YEN},
    names={"dollar": _DOLLAR, "dollars": _DOLLAR, "euros": _EURO},
    magnitudes=nouns("""
            thousand k           | thousand | thousand
            million mn m         | million  | million
            billion bn b         | billion  | billion
            trillion tn t        | trillion | trillion
        """),
    joint="and",
    of="",
    per="per",
    to="to",
    per_units={key: noun.one for key, noun in _UNITS.items()} | {"mo": "month", "yr": "year"},
)

MEASURES = Measures(
    units=_UNITS,
    per="per",
    to="to",
    joints=("to", "and", "or"),
    per_words=words("day week month year hour minute second person night"),
    alone=words("km kg km/h cm mm ml mg mph lbs kWh °C °F"),
)

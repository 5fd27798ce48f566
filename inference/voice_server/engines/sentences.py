"""What engines say to prove that they can speak."""

_NUMBERS = {
    "pt": ("um", "dois", "três", "quatro", "cinco"),
    "en": ("one", "two", "three", "four", "five"),
    "es": ("uno", "dos", "tres", "cuatro", "cinco"),
}


def counting(language: str, to: int = 3) -> str:
    """«One, two, three.» in a language such as `en-US`; in Portuguese where it is none of these. `to`: 1 to 5."""
    numbers = _NUMBERS.get(language.partition("-")[0].lower(), _NUMBERS["pt"])
    return f"{', '.join(numbers[:to]).capitalize()}."

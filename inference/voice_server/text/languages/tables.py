"""Tables as one writes them: a line an entry, its keys left of the first bar."""

from voice_server.text.numbers import Noun


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


def pairs(table: str, *, between: str = " ") -> dict[str, str]:
    """`Dr. Dr | doutor` as {"Dr.": "doutor", "Dr": "doutor"}. Keys are divided by `between`."""
    return {
        key.strip(): said.strip()
        for keys, _, said in (line.partition("|") for line in table.strip().splitlines())
        for key in keys.strip().split(between)
    }


def nouns(table: str) -> dict[str, Noun]:
    """`t ton | tonelada | toneladas | f`: symbols, one, many, and f where it is feminine."""
    entries = {}
    for line in table.strip().splitlines():
        symbols, one, many, *feminine = (cell.strip() for cell in line.split("|"))
        entries.update(dict.fromkeys(symbols.split(), Noun(one, many, bool(feminine))))
    return entries

"""How fast Portuguese is put into words: against num2words alone, and against the normaliser inside coqui-tts.

`python -m bench.text` prints milliseconds for 1,000 characters, warm, in one process and taking turns.
"""

import argparse
import json
import re
import sys
import time
from collections.abc import Callable
from statistics import median

from num2words import num2words

from voice_server.text import normalise

CHARACTERS = 1000
LIMIT_MILLISECONDS = 5.0
NEWS = (
    "Em 25/12/2025, às 14h30, o Dr. Silva pagou R$ 1.234,56 por 2,5 kg de café na Av. Paulista, nº 1.578. "
    "A inflação medida pelo IBGE subiu 0,38% em abril, depois de 0,16% em março, e o dólar fechou em R$ 5,12. "
    "No século XX, Dom Pedro II já não reinava; 2 milhões de pessoas viviam a 30 °C, a 80 km/h do mar. "
    "O 1º lugar ficou com a equipe que correu 42 km em menos de 3 horas, como ninguém tinha feito até ali. "
)
PROSE = (
    "A raposa atravessou o campo devagar, olhando para os lados, enquanto o cão dormia junto da porta da casa. "
    "Ninguém a viu passar, nem mesmo o menino que, naquela tarde de sol, contava as nuvens deitado na relva. "
)
_NUMBER = re.compile(r"\d+")


def main(repetitions: int) -> dict[str, dict[str, float]]:
    texts = {"news": NEWS, "prose": PROSE}
    return {name: measured((text * 10)[:CHARACTERS], repetitions) for name, text in texts.items()}


def measured(text: str, repetitions: int) -> dict[str, float]:
    """The median milliseconds of each way to read `text`, each in turn so that all meet the same machine."""
    ways: dict[str, Callable[[str], object]] = {"ours": normalise, "num2words alone": numbers_only}
    if theirs := coqui():
        ways["coqui-tts"] = theirs
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repetitions):
        for name, way in ways.items():
            began = time.process_time()
            way(text)
            taken[name].append(1000 * (time.process_time() - began))
    return {name: median(times) for name, times in taken.items()}


def numbers_only(text: str) -> str:
    """Every run of digits through num2words, and nothing else."""
    return _NUMBER.sub(lambda found: num2words(int(found[0]), lang="pt_BR"), text)


def coqui() -> Callable[[str], object] | None:
    """The Portuguese cleaner of XTTS, where coqui-tts is installed."""
    try:
        from TTS.tts.layers.xtts.tokenizer import multilingual_cleaners  # noqa: PLC0415
    except ImportError:
        return None
    return lambda text: multilingual_cleaners(text, "pt")


def conclude(result: dict[str, dict[str, float]], *, as_json: bool) -> int:
    if as_json:
        print(json.dumps(result, indent=2))
    for name, figures in result.items():
        ours = figures["ours"]
        for way, milliseconds in figures.items():
            print(
                f"{name:<6} {way:<16} {milliseconds:6.2f} ms   ours / it {ours / milliseconds:5.2f}",
                file=sys.stderr,
            )
    return int(any(figures["ours"] > LIMIT_MILLISECONDS for figures in result.values()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    sys.exit(conclude(main(arguments.repetitions), as_json=arguments.json))

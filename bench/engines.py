"""What F5-TTS costs here and in upstream's own runtime: time and memory, and exit 1 where ours is not as much less.

Same random weights, same recording, same text, fp32, one thread. Each measurement has a process of its own
(`bench/f5_runtimes.py`). Times of speaking are CPU seconds, for other things may run; the time until a new voice's
first step is a wall clock's. The standard network has 337 million parameters, takes 1.4 GB of disk for a while and
some ten minutes; `--small` takes one of 60 million and a few minutes. `--tiny` shows in three that all of it runs:
nothing can be told from its figures, and nothing is asked of them.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from bench.apart import measured
from bench.f5_files import lay_out
from bench.f5_speakers import STEPS

from voice_server.engines.f5.architecture import V1

RUNTIMES = "bench.f5_runtimes"
SMALL = replace(V1, dim=512, depth=16, heads=8, text_dim=256)
TINY = replace(V1, dim=128, depth=2, heads=2, text_dim=64)


@dataclass(frozen=True)
class Row:
    """`other` is upstream's figure, or the tier's that ours is compared with; `promise` is None where none is given."""

    title: str
    ours: float
    other: float
    unit: str
    promise: float | None

    @property
    def ratio(self) -> float:
        """How many times as fast, or which part of the memory."""
        return self.ours / self.other if self.unit == "MB" else self.other / self.ours

    @property
    def kept(self) -> bool:
        if self.promise is None:
            return True
        return self.ratio <= self.promise if self.unit == "MB" else self.ratio >= self.promise

    def __str__(self) -> str:
        sign = "<=" if self.unit == "MB" else ">="
        promised = (
            "" if self.promise is None else f"{sign} {self.promise:.2f}{'' if self.kept else '  MISSED'}"
        )
        figures = f"{self.ours:>9.2f}{self.other:>10.2f} {self.unit:2}{self.ratio:>7.2f}"
        return f"{self.title:48}{figures}   {promised}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--small", dest="network", action="store_const", const=SMALL, help="a fifth of the network"
    )
    size.add_argument("--tiny", dest="network", action="store_const", const=TINY, help="a toy network")
    parser.set_defaults(network=V1)
    parser.add_argument("--json", action="store_true", help="print JSON")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lay_out(Path(folder), wanted.network)
        rows = _rows(folder)
    if wanted.network == TINY:
        rows = [replace(row, promise=None) for row in rows]
    print(
        json.dumps({row.title: vars(row) | {"ratio": row.ratio} for row in rows})
        if wanted.json
        else _table(rows)
    )
    sys.exit(not all(row.kept for row in rows))


def _rows(folder: str) -> list[Row]:
    v1, v0, cold, tiers = (measured(RUNTIMES, name, folder) for name in ("v1", "v0", "cold", "tiers"))
    ours, theirs = measured(RUNTIMES, "memory_ours", folder), measured(RUNTIMES, "memory_upstream", folder)
    return [
        Row(f"known voice, {STEPS} steps, v1", v1["ours"], v1["upstream"], "s", 1.1),
        Row(f"known voice, {STEPS} steps, v0", v0["ours"], v0["upstream"], "s", None),
        Row("new voice, until the first step", cold["wav"] * 1e3, cold["upstream"] * 1e3, "ms", 1.5),
        Row("the same from FLAC, beside their WAV", cold["flac"] * 1e3, cold["upstream"] * 1e3, "ms", None),
        Row("7 steps, beside 16 of ours", tiers["7"], tiers["16"], "s", 2.0),
        Row("most memory while loading", ours["load"], theirs["load"], "MB", 0.55),
        Row("memory afterwards", ours["steady"], theirs["steady"], "MB", 0.65),
    ]


def _table(rows: list[Row]) -> str:
    return "\n".join([f"{'':48}{'ours':>9}{'other':>10}   {'ratio':>7}   promised", *map(str, rows)])


if __name__ == "__main__":
    main()

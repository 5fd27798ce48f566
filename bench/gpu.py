"""F5-TTS and XTTS on a graphics card, beside upstream with the same random weights; a Markdown file comes out.

    make bench-gpu                              the full size on the card: about 4 GB of disk
    make bench-gpu DEVICE=cpu SIZE=--small      a toy size without a card, to see that all of it runs

Without a card it says so and exits with 69 (EX_UNAVAILABLE). Exit 1: a measurement failed, or a promise was missed.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from bench.apart import measured
from bench.f5_files import lay_out
from bench.gpu_meter import CARD, SMALL
from bench.gpu_tables import missed, sections

from voice_server.engines.f5.architecture import V1

TINY = replace(V1, dim=128, depth=2, heads=2, text_dim=64)
PARTS = {
    "ours": "bench.gpu_f5",
    "upstream": "bench.gpu_f5",
    "served": "bench.gpu_served",
    "xtts": "bench.gpu_xtts",
}
UNKNOWN = "unknown"


def main() -> int:
    told = _arguments()
    if told.device == CARD and not torch.cuda.is_available():
        print(
            f"bench-gpu: PyTorch {torch.__version__} finds no CUDA device; run it where nvidia-smi lists one, or with "
            "DEVICE=cpu SIZE=--small to see that it works",
            file=sys.stderr,
        )
        return os.EX_UNAVAILABLE
    with tempfile.TemporaryDirectory() as folder:
        found = dict(_found(Path(folder), told))
    size = "a toy size" if told.small else "the full size"
    about = (
        f"{_about(told.device)}. Random weights of {size}, median (least to most) of {told.rounds} rounds."
    )
    report = "\n\n".join([about, *sections(found)]) + "\n"
    told.output.parent.mkdir(parents=True, exist_ok=True)
    told.output.write_text(report)
    print(report)
    faults = [f"{name} failed, as said above" for name in PARTS.keys() - found.keys()] + missed(found)
    print(*faults, f"written to {told.output}", sep="\n", file=sys.stderr)
    return int(bool(faults))


def _found(folder: Path, told: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any]]]:
    """What each measurement gives, in a process of its own: where one fails, the others go on."""
    f5, xtts = folder / "f5", folder / (SMALL if told.small else "xtts")
    for each in (f5, xtts):
        each.mkdir()
    lay_out(f5, TINY if told.small else V1)
    for name, module in PARTS.items():
        print(f"measuring: {name}", file=sys.stderr, flush=True)
        place = xtts if name == "xtts" else f5
        try:
            yield name, measured(module, name, str(place), told.device, str(told.rounds))
        except subprocess.CalledProcessError as error:
            print(f"{name}: {error}", file=sys.stderr)


def _about(device: str) -> str:
    versions = f"PyTorch {torch.__version__}, CUDA {torch.version.cuda}"
    if device != CARD:
        return f"{platform.processor() or platform.machine()} (no card), PyTorch {torch.__version__}"
    card = torch.cuda.get_device_properties(0)
    driver, power = _driver(str(card.uuid))
    return (
        f"{card.name}, {card.total_memory / 1e6:,.0f} MB, compute capability {card.major}.{card.minor}, "
        f"power limit {power}, driver {driver}, {versions}"
    )


def _driver(uuid: str) -> tuple[str, str]:
    """Its version and the card's power limit, as far as nvidia-smi is there to tell."""
    command = [
        "nvidia-smi",
        "-i",
        f"GPU-{uuid}",
        "--query-gpu=driver_version,power.limit",
        "--format=csv,noheader",
    ]
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return UNKNOWN, UNKNOWN
    driver, power = told.strip().split(", ")
    return driver, power


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--device", choices=(CARD, "cpu"), default=CARD)
    parser.add_argument("--small", action="store_true", help="networks of a toy size")
    parser.add_argument("--rounds", type=int, help="5, or 2 of a toy size")
    parser.add_argument("--output", type=Path, default=Path("build/bench/gpu.md"))
    told = parser.parse_args()
    told.rounds = told.rounds or (2 if told.small else 5)
    return told


if __name__ == "__main__":
    sys.exit(main())

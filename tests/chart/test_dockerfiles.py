"""What an image's history may name: a build's arguments stay in it, those of stages that are thrown away do not."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = {
    "operator": [""],
    "inference": [path.stem.partition("-")[2] for path in ROOT.glob("locks/inference-*.txt")],
}
BUILDS = [(program, engine) for program, engines in LOCKS.items() for engine in engines]


def stages(program: str, engine: str) -> dict[str, tuple[str, list[str]]]:
    """By its name, what each stage stands on and its instructions; the image's own comes last."""
    text = (ROOT / f"Dockerfile.{program}").read_text().replace("\\\n", " ").replace("${ENGINE}", engine)
    found: dict[str, tuple[str, list[str]]] = {}
    instructions: list[str] = []
    for line in text.splitlines():
        if start := re.fullmatch(r"FROM (\S+)(?: AS (\S+))?", line):
            instructions = []
            found[start[2] or "image"] = start[1], instructions
        elif line and not line.startswith("#"):
            instructions.append(line)
    return found


@pytest.mark.parametrize(("program", "engine"), BUILDS)
def test_no_image_remembers_the_address_of_an_index(program: str, engine: str) -> None:
    known = stages(program, engine)
    stage, instructions = "image", []
    while stage in known:
        stage, more = known[stage]
        instructions += more

    assert any(line.startswith("ENTRYPOINT") for line in instructions)
    assert [line for line in instructions if line.startswith(("ARG", "ENV")) and "INDEX" in line] == []

"""The measurements on a card where there is none: as everyone without one meets them."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_without_a_card_it_says_in_one_line_what_to_do_and_its_exit_code_tells_it_from_a_failure(
    tmp_path: Path,
) -> None:
    report = tmp_path / "gpu.md"
    command = [sys.executable, "-W", "ignore", "-m", "bench.gpu", "--output", str(report)]
    hidden = os.environ | {"CUDA_VISIBLE_DEVICES": ""}

    ended = subprocess.run(command, cwd=ROOT, env=hidden, capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stdout) == (os.EX_UNAVAILABLE, "")
    assert "no CUDA device" in ended.stderr
    assert "DEVICE=cpu SIZE=--small" in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert not report.exists()

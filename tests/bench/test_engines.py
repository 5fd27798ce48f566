"""The measurements beside upstream run, at a toy size, of which nothing else can be told."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(1200)
def test_f5_is_measured_beside_upstream_row_by_row() -> None:
    command = [sys.executable, "-W", "ignore", "-m", "bench.engines", "--tiny", "--json"]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr
    rows = json.loads(ended.stdout)
    assert len(rows) == 7
    assert all(row["ours"] > 0 and row["other"] > 0 and row["ratio"] > 0 for row in rows.values())

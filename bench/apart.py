"""Measurements in a process of their own, so that none finds what another left in memory."""

import json
import subprocess
import sys
from typing import Any


def measured(module: str, *told: str) -> dict[str, Any]:
    """What `python -m MODULE TOLD...` prints at last, as JSON; CalledProcessError where it fails."""
    command = [sys.executable, "-W", "ignore", "-m", module, *told]
    output = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    figures: dict[str, Any] = json.loads(output.splitlines()[-1])
    return figures

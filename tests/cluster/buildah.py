"""buildah, with a store of its own outside the checkout."""

import subprocess

from cluster.programs import CACHE

STORE = CACHE / "images/store"
RUNNING = "/run/voice-rollout-images"


def buildah(*words: str) -> str:
    """What buildah printed; raises RuntimeError with its last lines when it fails."""
    command = ["buildah", f"--root={STORE}", f"--runroot={RUNNING}", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-30:])
        raise RuntimeError(f"buildah {words[0]} failed:\n{said}")
    return done.stdout

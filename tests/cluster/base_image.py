"""The image the others stand on: the public one, or one made here where no image registry answers."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from cluster.buildah import buildah
from cluster.progress import Say, telling

PUBLIC = "python:3.11-slim"  # as the Dockerfiles have it
LOCAL = "localhost/voice-rollout/base:bookworm"
UNREAD = ("usr/share/doc", "usr/share/locale", "usr/share/man", "var/cache/apt", "var/lib/apt/lists")
PACKAGES = "python3,python3-venv,ca-certificates"


def choose(say: Say) -> str:
    """The base image: BASE_IMAGE when set, else one that is here, else the public one, else made here."""
    named = os.environ.get("BASE_IMAGE")
    if named:
        return named
    here = [image for image in (LOCAL, PUBLIC) if is_here(image)]
    if here:
        return here[0]
    if can_pull(PUBLIC):
        return PUBLIC
    say("no image registry answers: making the base image from Debian packages, once (a minute)")
    make(say)
    return LOCAL


def is_here(image: str) -> bool:
    return bool(buildah("images", "--quiet", "--filter", f"reference={image}").strip())


def can_pull(image: str) -> bool:
    try:
        buildah("pull", "--quiet", image)
    except RuntimeError:
        return False
    return True


def make(say: Say) -> None:
    """Make the local base image: a minimal Debian with the Python that the public image has."""
    with tempfile.TemporaryDirectory(prefix="voice-rollout-base-") as scratch:
        root = Path(scratch) / "root"
        command = [
            "debootstrap",
            "--variant=minbase",
            f"--include={PACKAGES}",
            "bookworm",
            str(root),
            *mirror(),
        ]
        with telling(say, lambda: "still fetching and unpacking packages"):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"debootstrap failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        say("made, now packing it")
        for unread in UNREAD:
            shutil.rmtree(root / unread)
        dockerfile = Path(scratch) / "Dockerfile"
        dockerfile.write_text("FROM scratch\nCOPY . /\n")
        buildah("build", f"--file={dockerfile}", f"--tag={LOCAL}", str(root))


def mirror() -> list[str]:
    """The Debian mirror of this machine's own apt, when it has one; else debootstrap's default serves."""
    listed = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Codename: bookworm", "Component: main"]
    found = subprocess.run(listed, capture_output=True, text=True, check=False).stdout.split()
    return found[:1]

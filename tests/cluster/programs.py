"""The one Go program that is the whole of Kubernetes, built once and kept outside the checkout."""

import hashlib
import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from cluster.go import go_environment
from cluster.progress import Say, telling, timed

CACHE = Path(os.environ.get("VOICE_ROLLOUT_CACHE", Path.home() / ".cache/voice-rollout"))
SOURCE = Path(__file__).parent / "kube"
VERSION = "v1.36.3"
LINKS = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "coredns",
    "kubectl",
    "helm",
)


def program(name: str) -> Path:
    """The path of a program by its name, such as "kubectl"; builds them all first when they are missing."""
    return folder() / name


@cache
def folder() -> Path:
    """The folder that holds every program by its name."""
    built = CACHE / "kube" / source_hash()
    if not built.exists():
        build(built, timed())
    return built


def source_hash() -> str:
    digest = hashlib.sha256(VERSION.encode())
    for path in sorted(path for path in SOURCE.rglob("*") if path.is_file()):
        digest.update(str(path.relative_to(SOURCE)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def build(target: Path, say: Say) -> None:
    """Build the program and its links into `target`, which appears only when all of it is there."""
    say(f"building Kubernetes {VERSION} from source, once (6 to 8 minutes on two cores)")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="building-") as scratch:
        unfinished = Path(scratch) / "bin"
        unfinished.mkdir()
        compile_program(unfinished, say)
        for link in LINKS:
            (unfinished / link).symlink_to("kube")
        if not target.exists():
            unfinished.rename(target)
    say(f"built, in {target}")


def compile_program(output: Path, say: Say) -> None:
    package = "k8s.io/component-base/version"
    major, minor, _ = VERSION.removeprefix("v").split(".")
    stamped = {"gitVersion": VERSION, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    flags = " ".join(["-s -w", *(f"-X {package}.{key}={value}" for key, value in stamped.items())])
    command = ["go", "build", "-v", "-buildvcs=false", "-ldflags", flags, "-o", f"{output}/", "./..."]
    env = go_environment(CACHE / "go", say)
    with subprocess.Popen(command, cwd=SOURCE, env=env, stderr=subprocess.PIPE, text=True) as compiler:
        lines = report(compiler, say)
    if compiler.returncode:
        raise RuntimeError("go build failed:\n" + "".join(lines[-30:]))


def report(compiler: subprocess.Popen[str], say: Say) -> list[str]:
    """Read what the compiler says, and tell every few seconds how far it is."""
    lines: list[str] = []

    def progress() -> str:
        fetched = sum(line.startswith("go: downloading") for line in lines)
        last = lines[-1].strip() if lines else "starting"
        return f"{fetched} modules fetched, {len(lines) - fetched} packages compiled; now {last[:60]}"

    assert compiler.stderr
    with telling(say, progress):
        lines.extend(iter(compiler.stderr.readline, ""))
    return lines

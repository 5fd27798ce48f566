"""What the demo does to the cluster, through kubectl, as a person would."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from string import Template
from typing import Any

HERE = Path(__file__).parent
EXAMPLE = HERE.parent / "examples" / "01-first-rollout.yaml"
NAMESPACE = "voice"
IMAGE = os.environ.get("VOICE_ENGINE_IMAGE", "localhost/voice-rollout/inference:dev")
ROLLOUT = "first-rollout"
FLAGS = "voice-flags"
GOOD, SPARE = "candidate-voice", "candidate-voice-repaired"
RATE, USERS = 20, 1200


def kubectl(*arguments: str, text: str | None = None) -> str:
    """Run kubectl in the demo's namespace and return what it prints."""
    done = subprocess.run(
        ["kubectl", "-n", NAMESPACE, *arguments], check=False, capture_output=True, text=True, input=text
    )
    if done.returncode:
        raise RuntimeError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def clean() -> None:
    """Take away what an earlier demo left; users of the rollout go first."""
    kubectl("delete", "pod", "demo-users", "--ignore-not-found", "--grace-period=1")
    kubectl("delete", "voicerollout", ROLLOUT, "--ignore-not-found")
    owned = f"voicerollout.dev/rollout={ROLLOUT}"
    kubectl("delete", "deployment,service,poddisruptionbudget", "-l", owned, "--ignore-not-found")
    kubectl("delete", "configmap", FLAGS, "demo-load", "--ignore-not-found")
    for claim in (GOOD, SPARE):
        kubectl("delete", "job", f"{claim}-fill", f"{claim}-break", "--ignore-not-found")
        kubectl("delete", "pvc", claim, "--ignore-not-found")
        if _is_local():
            kubectl("delete", "pv", f"demo-{claim}", "--ignore-not-found")
            shutil.rmtree(_folder(claim), ignore_errors=True)


def put_voices(image: str) -> None:
    """Two volumes with a whole voice each: one to break, one to repair with."""
    for claim in (GOOD, SPARE):
        if _is_local():
            folder = _folder(claim)
            folder.mkdir(parents=True)
            folder.chmod(0o777)
            _apply("folder.yaml", claim=claim, folder=str(folder), namespace=NAMESPACE)
        _apply("volumes.yaml", claim=claim, image=image)
    for claim in (GOOD, SPARE):
        kubectl("wait", "--for=condition=Complete", f"job/{claim}-fill", "--timeout=90s")


def start_rollout() -> None:
    """What a newcomer types."""
    kubectl("apply", "-f", str(EXAMPLE))


def start_users(image: str, rate: int, users: int) -> None:
    """The load, from inside the cluster."""
    made = kubectl(
        "create",
        "configmap",
        "demo-load",
        f"--from-file={HERE / 'load.py'}",
        "--dry-run=client",
        "-o",
        "yaml",
    )
    kubectl("apply", "-f", "-", text=made)
    _apply("users.yaml", image=image, namespace=NAMESPACE, rate=str(rate), users=str(users))
    kubectl("wait", "--for=condition=Ready", "pod/demo-users", "--timeout=60s")


def stop_users() -> None:
    """They finish what they are saying, and leave."""
    kubectl("delete", "pod", "demo-users", "--ignore-not-found")


def break_model() -> None:
    """Damage the model under the running candidate: half of its phoneme data is gone."""
    engine = kubectl("get", "pods", "-l", "voicerollout.dev/variant=candidate", "-o", "name").split()[0]
    volume = json.loads(kubectl("get", "job", f"{GOOD}-fill", "-o", "json"))
    container = volume["spec"]["template"]["spec"]["containers"][0]
    container["command"] = ["sh", "-ec", "truncate -s 1000 /models/espeak-ng-data/phondata"]
    node = json.loads(kubectl("get", engine, "-o", "json"))["spec"]["nodeName"]
    spec: dict[str, Any] = {**volume["spec"]["template"]["spec"], "nodeName": node}
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": f"{GOOD}-break"},
        "spec": {"template": {"spec": spec}},
    }
    kubectl("apply", "-f", "-", text=json.dumps(job))


def phonemes() -> Path:
    """The first voice's phoneme data on this machine: the local cluster's volumes are folders."""
    return _folder(GOOD) / "espeak-ng-data" / "phondata"


def repair() -> None:
    """A new spec: the candidate reads the spare voice."""
    patch = {"spec": {"candidate": {"workload": {"model": {"claim": SPARE}}}}}
    kubectl("patch", "voicerollout", ROLLOUT, "--type=merge", "-p", json.dumps(patch))


def engine_addresses() -> dict[str, str]:
    """Cluster addresses of both engines' Services."""
    found = json.loads(kubectl("get", "service", "-l", f"voicerollout.dev/rollout={ROLLOUT}", "-o", "json"))
    return {
        one["metadata"]["labels"][
            "voicerollout.dev/variant"
        ]: f"{one['spec']['clusterIP']}:{one['spec']['ports'][0]['port']}"
        for one in found["items"]
    }


def _apply(name: str, **values: str) -> None:
    kubectl("apply", "-f", "-", text=Template((HERE / name).read_text()).substitute(values))


def _is_local() -> bool:
    return os.environ.get("CLUSTER", "local") != "current"


def _folder(claim: str) -> Path:
    cache = os.environ.get("VOICE_ROLLOUT_CACHE", str(Path.home() / ".cache" / "voice-rollout"))
    return Path(cache) / "demo" / claim

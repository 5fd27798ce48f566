"""Users move from XTTS to F5-TTS: both engines in their own images, as pods, with tiny weights of the true shapes."""

import asyncio
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from cluster.cluster import Cluster
from cluster.images import ENGINES, PARTS, build_all
from cluster.install import NAMESPACE, install
from support import f5_model, xtts
from voice_rollout.resources.workload import USER_ID

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

EXAMPLES = Path(__file__).parents[2] / "examples"
USERS, TOGETHER = 40, 3
TEXTS = ("Bom dia, são 14h30.", "O ano é 2025 e a conta é de R$ 25,50.", "Você ouve a voz nova?")
SECONDS = [
    {"name": "alpha", "steps": [{"percentage": 25, "hold": "5s"}]},
    {"name": "beta", "steps": [{"percentage": 50, "hold": "5s"}]},
    {"name": "ga", "steps": [{"percentage": 100, "hold": "10s"}]},
]


@dataclass
class Told:
    """Who spoke for whom, request by request."""

    engines: dict[str, list[str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def note(self, user: str, answer: aiohttp.ClientResponse, sound: bytes) -> None:
        headers = answer.headers
        self.engines.setdefault(user, []).append(headers.get("X-Engine", ""))
        if answer.status != 200 or not sound.startswith(b"RIFF") or "X-Fallback" in headers:
            self.wrong.append(f"{answer.status} {dict(headers)} {sound[:200]!r}")


@pytest.fixture(scope="module")
def with_engines(installed: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    """The chart knows the images of F5 and XTTS, and their weights lie on volumes."""
    cluster, volumes = installed, tmp_path_factory.mktemp("volumes")
    install(cluster, build_all(cluster.say, (*PARTS, *ENGINES)), "gateway.defaultRollout=f5-tts")
    for claim, fill in (("f5-weights", f5_model.a_model), ("xtts-weights", an_xtts)):
        folder = volumes / claim
        folder.mkdir()
        fill(folder)
        write_digests(folder)
        apply(cluster, *volume(claim, folder))
    voices = volumes / "voices"
    shutil.copytree(volumes / "f5-weights" / "voices", voices)
    for each in volumes.rglob("*"):
        each.chmod(0o755 if each.is_dir() else 0o644)
    apply(cluster, *volume("own-voices", voices, "ReadWriteMany"))
    os.chown(voices, 0, USER_ID)  # as docs/weights.md says
    voices.chmod(0o2775)
    return cluster


def write_digests(folder: Path) -> None:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder)}" for path in files]
    (folder / "SHA256SUMS").write_text("\n".join(lines) + "\n")


def an_xtts(folder: Path) -> None:
    xtts.a_checkpoint(folder)
    f5_model.a_voice(folder / "voices", "ana", "pt-br+f2")


def volume(claim: str, folder: Path, access: str = "ReadOnlyMany") -> Iterator[dict[str, Any]]:
    """A claim, and a folder of this machine for it: the local cluster has no provisioner."""
    size = {"storage": "64Mi"}
    yield {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": claim},
        "spec": {
            "accessModes": [access],
            "capacity": size,
            "hostPath": {"path": str(folder)},
            "claimRef": {"namespace": NAMESPACE, "name": claim},
        },
    }
    yield {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": claim, "namespace": NAMESPACE},
        "spec": {"accessModes": [access], "resources": {"requests": size}},
    }


def the_example() -> dict[str, Any]:
    """The plan of the example, with holds of seconds, and what suits a processor of two cores."""
    plan: dict[str, Any] = yaml.safe_load((EXAMPLES / "02-xtts-to-f5.yaml").read_text())
    plan["metadata"]["namespace"] = NAMESPACE
    spec = plan["spec"]
    spec["phases"] = SECONDS
    spec["analysis"] |= {"interval": "2s", "minSamples": 2}
    spec["candidate"]["workload"]["env"]["F5_NFE"] = "5"
    for side in ("stable", "candidate"):
        spec[side]["workload"] |= {
            "resources": {"requests": {"cpu": "200m", "memory": "1Gi"}},
            "voices": {"claim": "own-voices", "mountPath": "/voices"},
        }
    return plan


async def test_users_move_from_xtts_to_f5_and_nobody_misses_a_word(
    with_engines: Cluster, inside_cluster: None
) -> None:
    apply(with_engines, the_example())
    told = Told()
    await asyncio.to_thread(until, with_engines, lambda status: status.get("state") != "Starting", 300)
    async with aiohttp.ClientSession(gateway(with_engines)) as session:
        speakers = [asyncio.create_task(speak(session, told, number)) for number in range(TOGETHER)]
        done = await asyncio.to_thread(
            until, with_engines, lambda status: status.get("state") == "Complete", 400
        )
        for speaker in speakers:
            speaker.cancel()
        await asyncio.gather(*speakers, return_exceptions=True)

    assert told.wrong == []
    assert [step["to"] for step in done["history"]] == ["alpha 25 %", "beta 50 %", "ga 100 %"]
    moved = {user: engines for user, engines in told.engines.items() if {"xtts", "f5"} <= set(engines)}
    assert moved, "somebody heard both"
    for user, engines in told.engines.items():
        assert engines == sorted(engines, reverse=True), f"{user} went back and forth"
    assert all(engines[-1] == "f5" for engines in moved.values())


async def test_a_listener_hears_the_first_sentence_while_the_others_are_made_up(
    with_engines: Cluster, inside_cluster: None
) -> None:
    """Runs after the users have moved: F5 speaks, a sentence at a time."""
    text = " ".join(
        f"Esta é a frase de número {number}, que se ouve depois das outras." for number in range(1, 9)
    )
    request = {"model": "f5-tts", "input": text, "user": "user-1", "stream_format": "audio"}
    began, arrivals = time.monotonic(), list[float]()
    async with (
        aiohttp.ClientSession(gateway(with_engines)) as session,
        session.post("/v1/audio/speech", json=request) as answer,
    ):
        async for _ in answer.content.iter_any():
            arrivals.append(time.monotonic() - began)

    assert (answer.status, answer.headers["X-Engine"]) == (200, "f5")
    assert arrivals[0] < arrivals[-1] / 2


async def test_a_voice_that_is_added_is_spoken_with_and_outlives_its_pod(
    with_engines: Cluster, inside_cluster: None, tmp_path: Path
) -> None:
    """As docs/weights.md tells it, on the volume that both sides share."""
    f5_model.a_voice(tmp_path, "eva", "pt-br+f3")
    sound, words = (tmp_path / "eva.wav").read_bytes(), (tmp_path / "eva.txt").read_text()
    said = {"model": "f5-tts", "input": TEXTS[0], "user": "user-1", "voice": "eva"}
    f5, xtts_ = service(with_engines, "f5-tts-candidate"), service(with_engines, "f5-tts-stable")
    async with aiohttp.ClientSession(f5) as pod, aiohttp.ClientSession(gateway(with_engines)) as users:
        assert await add(pod, sound, ref_text="a") == (422, "unusable_voice")
        assert await add(pod, sound, ref_text=words) == (201, None)
        assert await heard(users, said) == (200, "f5")

        chosen = "-lvoicerollout.dev/rollout=f5-tts,voicerollout.dev/variant=candidate"
        with_engines.kubectl("delete", "pods", chosen, in_voice())
        with_engines.kubectl("rollout", "status", "deployment/f5-tts-candidate", in_voice(), "--timeout=120s")
        async with asyncio.timeout(60):  # until the Service's new address has come to the gateway's node
            while await heard(users, said) != (200, "f5"):
                pass
    async with aiohttp.ClientSession(xtts_) as pod:
        assert await heard(pod, said) == (200, "xtts")


async def add(pod: aiohttp.ClientSession, sound: bytes, **fields: str) -> tuple[int, str | None]:
    form = aiohttp.FormData({"name": "eva", "consent": "Eva, 2026-01-02"} | fields)
    form.add_field("audio", sound, filename="eva.wav")
    async with pod.post("/v1/voices", data=form) as answer:
        return answer.status, (await answer.json()).get("error", {}).get("code")


async def heard(session: aiohttp.ClientSession, said: dict[str, str]) -> tuple[int, str | None]:
    """What the answer is, and which engine spoke."""
    async with session.post("/v1/audio/speech", json=said) as answer:
        return answer.status, answer.headers.get("X-Engine")


def test_the_weights_on_a_volume_are_checked_by_a_job(with_engines: Cluster) -> None:
    check = yaml.safe_load((EXAMPLES / "weights-check.yaml").read_text())
    apply(with_engines, check | {"metadata": check["metadata"] | {"namespace": NAMESPACE}})

    done = with_engines.kubectl(
        "wait", "--for=condition=Complete", "job/weights-check", in_voice(), "--timeout=120s", check=False
    )
    pods = with_engines.kubectl("describe", "pods", "--selector=job-name=weights-check", in_voice())
    assert done.returncode == 0, pods.stdout
    told = with_engines.kubectl("logs", "job/weights-check", in_voice()).stdout
    assert "vocab.txt: OK" in told
    assert "v1" in told


async def speak(session: aiohttp.ClientSession, told: Told, first: int) -> None:
    """One user after the other, again and again."""
    number = first
    while True:
        user = f"user-{number % USERS}"
        request = {"model": "f5-tts", "input": TEXTS[number % len(TEXTS)], "user": user}
        if number % 2:
            request["stream_format"] = "audio"
        async with session.post("/v1/audio/speech", json=request) as answer:
            told.note(user, answer, await answer.read())
        number += TOGETHER


def until(cluster: Cluster, fits: Any, seconds: float) -> dict[str, Any]:
    """The rollout's status, as soon as it fits."""
    deadline = time.monotonic() + seconds
    while True:
        live = json.loads(
            cluster.kubectl("get", "voicerollout", "f5-tts", in_voice(), "--output=json").stdout
        )
        status: dict[str, Any] = live.get("status", {})
        if status and fits(status):
            return status
        assert time.monotonic() < deadline, f"{status.get('message')}\n{what_the_engines_say(cluster)}"
        assert status.get("state") not in {"RolledBack", "Invalid"}, status
        time.sleep(0.5)


def what_the_engines_say(cluster: Cluster) -> str:
    chosen = "-lvoicerollout.dev/rollout=f5-tts"
    pods = cluster.kubectl("describe", "pods", chosen, in_voice(), check=False).stdout
    return pods + cluster.kubectl("logs", chosen, in_voice(), "--tail=20", check=False).stdout


def gateway(cluster: Cluster) -> str:
    return service(cluster, "voice-gateway")


def service(cluster: Cluster, name: str) -> str:
    spec = json.loads(cluster.kubectl("get", "service", name, in_voice(), "--output=json").stdout)["spec"]
    return f"http://{spec['clusterIP']}:{spec['ports'][0]['port']}"


def apply(cluster: Cluster, *objects: dict[str, Any]) -> None:
    for one in objects:
        cluster.kubectl("apply", "--server-side", "--filename=-", stdin=json.dumps(one))


def in_voice() -> str:
    return f"--namespace={NAMESPACE}"

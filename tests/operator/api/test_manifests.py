"""Names, what never changes, fields nobody knows, the examples, and what people see of a rollout."""

import json
from pathlib import Path

import pytest
import yaml

from cluster.control_plane import ControlPlane
from support.admission import admit, named, refusal
from support.kube import ROLLOUTS, Kube, RefusedError
from support.rollouts import Manifest, a_phase

pytestmark = pytest.mark.cluster

FOLDER = Path(__file__).parents[3] / "examples"
EXAMPLES = {path.name: path.read_text() for path in sorted(FOLDER.glob("[0-9]*.yaml"))}
"""The plans; beside them lie jobs for them."""

CONTRACT = """
phase: beta
percentage: 50
advance: Automatic
paused: false
flag:
  name: f5tts_engine
  configMap: voice-flags
  salt: f5tts/1
  requires: []
  legacyKeys:
    enabled: FEATURE_F5TTS_ENABLED
    phase: FEATURE_F5TTS_PHASE
    percentage: FEATURE_F5TTS_PERCENTAGE
audience:
  allow: [qa-1, dev-7]
  deny: [banned-1]
  allowFrom: []
  denyFrom: []
stable:
  name: xtts
  service: {name: xtts, port: 80}
candidate:
  name: f5-tts
  workload:
    image: registry.example/voice-server:1.2.0
    args: []
    env: {F5_NFE: "16"}
    secretEnv: {HF_TOKEN: {secret: hf, key: token}}
    port: 8000
    gpu: {product: NVIDIA-GeForce-GTX-1050-Ti, count: 1}
    model: {claim: f5-weights, mountPath: /models}
    voices: {claim: voices, mountPath: /voices}
    resources: {requests: {memory: 3Gi}, limits: {memory: 4Gi}}
    replicas: {min: 1, max: 4}
phases:
- name: alpha
  steps: [{percentage: 10, hold: 72h}]
- name: beta
  steps: [{percentage: 10, hold: 24h}, {percentage: 25, hold: 24h}, {percentage: 50, hold: 72h}]
- name: ga
  steps: [{percentage: 50, hold: 24h}, {percentage: 75, hold: 24h}, {percentage: 100, hold: 168h}]
analysis:
  interval: 10s
  minSamples: 50
  onNoData: Hold
  stallAfter: 15m
  metrics:
  - name: error-rate
    template: error-rate
    promote: {max: 0.02, byPhase: {beta: 0.015, ga: 0.01}}
    rollback: {max: 0.05, for: 30s, level: Disable}
  - name: p99
    template: latency-p99
    promote: {max: 12, byPhase: {beta: 10, ga: 8}}
    rollback: {max: 20, for: 30s, level: Disable}
  - {name: vram-oom, template: vram-oom-per-hour, rollback: {max: 10, level: PreviousPhase}}
rollback: {cooldown: 10m, escalateAfter: 3}
"""


@pytest.mark.parametrize(
    ("good", "bad", "says"),
    [
        ("a" * 53, "a" * 54, "name is too long for the Services made from it: write 53 characters or less"),
        (
            "f5",
            "5f",
            "name must start with a letter and hold only a-z, 0-9 and -: Services are named after it",
        ),
        ("f5-tts", "f5.tts", "name must start with a letter"),
    ],
)
async def test_a_name_must_do_for_the_services_made_from_it(
    kube: Kube, namespace: str, good: str, bad: str, says: str
) -> None:
    await admit(kube, namespace, named(good))

    assert says in await refusal(kube, namespace, named(bad))


@pytest.mark.parametrize(
    ("field", "says"),
    [
        ("salt", "salt cannot change, it would reshuffle every user: keep it, or create a new VoiceRollout"),
        ("configMap", "configMap cannot change while users are read from it: keep it, or create a new"),
    ],
)
async def test_what_deals_users_into_buckets_never_changes(
    kube: Kube, namespace: str, field: str, says: str
) -> None:
    flag = {"name": "f5tts_engine", "configMap": "our-flags", "salt": "f5tts/1"}
    place = ROLLOUTS.format(namespace)
    await kube.create(place, named("f5-tts", flag=flag))
    await kube.merge(f"{place}/f5-tts", {"spec": {"flag": {"name": "another"}, "percentage": 20}})

    with pytest.raises(RefusedError, match=says):
        await kube.merge(f"{place}/f5-tts", {"spec": {"flag": {field: "another"}}})
    with pytest.raises(RefusedError, match=says):
        await kube.merge(f"{place}/f5-tts", {"spec": {"flag": {field: None}}})


async def test_a_salt_cannot_be_given_afterwards_either(kube: Kube, namespace: str) -> None:
    place = ROLLOUTS.format(namespace)
    await kube.create(place, named("f5-tts"))

    with pytest.raises(RefusedError, match="salt cannot change"):
        await kube.merge(f"{place}/f5-tts", {"spec": {"flag": {"salt": "another"}}})


@pytest.mark.parametrize("change", [{"percentag": 10}, {"flag": {"name": "f5", "url": "http://evil"}}])
async def test_an_unknown_field_is_refused(kube: Kube, namespace: str, change: Manifest) -> None:
    assert "unknown field" in await refusal(kube, namespace, named("f5-tts", **change))


@pytest.mark.parametrize(
    "later", [{"requires": {"approvals": ["tech-lead"]}}, {"segments": {"technical": 100}}]
)
async def test_what_does_not_work_yet_is_refused_and_not_dropped(
    kube: Kube, namespace: str, later: Manifest
) -> None:
    phase = a_phase("alpha", 10) | later

    assert "unknown field" in await refusal(kube, namespace, named("f5-tts", phase="alpha", phases=[phase]))


def test_server_side_apply_refuses_an_unknown_field_too(
    api_server: ControlPlane, kube: Kube, namespace: str
) -> None:
    assert kube is not None
    text = json.dumps(named("f5-tts", percentag=10))
    done = api_server.kubectl("apply", "--server-side", "-n", namespace, "-f", "-", check=False, stdin=text)

    assert done.returncode != 0
    assert ".spec.percentag: field not declared in schema" in done.stderr


async def test_the_contracts_own_example_is_let_in(kube: Kube, namespace: str) -> None:
    stored = await admit(kube, namespace, named("f5-tts") | {"spec": yaml.safe_load(CONTRACT)})

    assert stored["spec"]["phases"][2]["steps"][2] == {"percentage": 100, "hold": "168h"}


@pytest.mark.parametrize("example", EXAMPLES)
async def test_every_example_is_let_in(kube: Kube, namespace: str, example: str) -> None:
    rollouts = [each for each in yaml.safe_load_all(EXAMPLES[example]) if each["kind"] == "VoiceRollout"]

    assert rollouts
    for each in rollouts:
        await admit(kube, namespace, each)


async def test_what_is_left_out_gets_its_default(kube: Kube, namespace: str) -> None:
    body = named("f5-tts")
    for field in ("percentage", "analysis"):
        del body["spec"][field]
    spec = (await admit(kube, namespace, body))["spec"]

    assert (spec["percentage"], spec["advance"], spec["paused"]) == (100, "Automatic", False)
    assert spec["flag"]["configMap"] == "voice-flags"
    assert spec["analysis"] == {
        "interval": "10s",
        "minSamples": 50,
        "onNoData": "Hold",
        "stallAfter": "15m",
        "metrics": [],
    }
    assert spec["rollback"] == {"cooldown": "10m", "escalateAfter": 3}
    assert spec["candidate"]["workload"]["port"] == 8000


def test_people_type_vr(api_server: ControlPlane, kube: Kube, namespace: str) -> None:
    assert kube is not None
    api_server.kubectl("apply", "-n", namespace, "-f", "-", stdin=json.dumps(named("f5-tts")))
    header, row = api_server.kubectl("get", "vr", "-n", namespace).stdout.splitlines()

    assert header.split() == ["NAME", "PHASE", "%", "STATE", "HEALTH", "NEXT", "AGE"]
    assert row.split()[0] == "f5-tts"

"""What the API server itself lets in, and what it says to the rest: each rule with one of both."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.control_plane import ControlPlane
from support.kube import ROLLOUTS, Kube, RefusedError
from support.rollouts import ERROR_RATE, P99, Manifest, a_phase, a_resource

pytestmark = pytest.mark.cluster

FOLDER = Path(__file__).parents[3] / "examples"
EXAMPLES = {path.name: path.read_text() for path in sorted(FOLDER.glob("*.yaml"))}
STRICT = f"{ROLLOUTS}?dryRun=All&fieldValidation=Strict"

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


def side(**workload: Any) -> Manifest:
    """A candidate whose workload has these fields too."""
    return {"candidate": {"name": "f5-tts", "workload": {"engine": "espeak", **workload}}}


def metric(promote: Manifest | None = None, rollback: Manifest | None = None) -> Manifest:
    bounds = {"promote": promote, "rollback": rollback}
    made = {"name": "mos", "template": "mos"} | {name: bound for name, bound in bounds.items() if bound}
    return {"analysis": {"metrics": [made]}}


def phases(*plan: Manifest) -> Manifest:
    """Another plan, with nothing that names the phases of the sound one."""
    return {"phase": plan[-1]["name"], "phases": list(plan), "analysis": {}}


def steps(*percentages: float, hold: str = "60s") -> Manifest:
    return phases(a_phase("alpha", *percentages, hold=hold))


def keys(**names: str) -> Manifest:
    return {"flag": {"name": "f5tts_engine", "legacyKeys": names}}


PAIRS: list[tuple[Manifest, Manifest, str]] = [
    (
        {"phase": "beta"},
        {"phase": "gamma"},
        "phase gamma is not in the plan: write disabled or a name from spec.phases",
    ),
    (
        {"phase": "disabled"},
        phases(a_phase("disabled", 10)),
        "disabled is not a phase, it means nobody: choose another name",
    ),
    (
        steps(10, 25),
        steps(25, 10),
        "percentages of phase alpha do not rise: write each step above the one before it",
    ),
    (steps(10, 10.001), steps(10, 10), "percentages of phase alpha do not rise"),
    (
        phases(a_phase("alpha", 50), a_phase("ga", 10)),
        phases(a_phase("ga", 10), a_phase("ga", 20)),
        "two phases have the same name: give each its own",
    ),
    ({"percentage": 0}, {"percentage": -0.001}, "should be greater than or equal to 0"),
    ({"percentage": 100}, {"percentage": 100.001}, "should be less than or equal to 100"),
    ({"percentage": 99.999}, {"percentage": 99.9999}, "has more than three decimals: round it, as in 12.345"),
    ({"percentage": 0.001}, {"percentage": 0.0001}, "has more than three decimals: round it, as in 12.345"),
    (steps(12.345), steps(12.3456), "has more than three decimals: round it, as in 12.345"),
    (steps(10, hold="1s"), steps(10, hold="999ms"), "is too short: write 1s or more"),
    (steps(10, hold="1h30m"), steps(10, hold="1 day"), "write a number and a unit, such as 30s, 15m or 72h"),
    ({"percentage": 10}, {"percentage": "10"}, "must be of type number"),
    (
        {"analysis": {"metrics": [ERROR_RATE, P99]}},
        {"analysis": {"metrics": [ERROR_RATE, P99 | {"name": "error-rate"}]}},
        "two metrics have the same name: give each its own",
    ),
    (
        metric({"max": 5}, {"max": 5}),
        metric({"max": 5.1}, {"max": 5}),
        "metric mos would promote above its rollback bound: write promote <= rollback.max",
    ),
    (
        metric({"max": 4, "byPhase": {"ga": 5}}, {"max": 5}),
        metric({"max": 4, "byPhase": {"ga": 5.1}}, {"max": 5}),
        "metric mos would promote above its rollback bound",
    ),
    (
        metric({"min": 3}, {"min": 3}),
        metric({"min": 2.9}, {"min": 3}),
        "metric mos would promote below its rollback bound: write promote >= rollback.min",
    ),
    (
        metric({"min": 4, "byPhase": {"ga": 3}}, {"min": 3}),
        metric({"min": 4, "byPhase": {"ga": 2}}, {"min": 3}),
        "metric mos would promote below its rollback bound",
    ),
    (metric({"min": 4}, {"min": 3}), metric({"min": 4}, {"max": 3}), "write both bounds the same way"),
    (metric({"max": 4}), metric({"max": 4, "min": 3}), "needs exactly one of max and min"),
    (metric(None, {"max": 4}), metric(None, {"for": "30s"}), "needs exactly one of max and min"),
    (metric({"max": 4}), metric(), "metric mos decides nothing: write a promote or a rollback bound"),
    (
        metric({"max": 4, "byPhase": {"ga": 3}}),
        metric({"max": 4, "byPhase": {"gamma": 3}}),
        "a byPhase bound names a phase that is not in the plan: write a name from spec.phases",
    ),
    (
        {"stable": {"name": "xtts", "service": {"name": "xtts"}}},
        {"stable": {"name": "xtts", "service": {"name": "xtts"}, "workload": {"engine": "espeak"}}},
        "has both workload and service: keep one of the two",
    ),
    (
        {"stable": {"name": "xtts"}, "candidate": {"name": "f5-tts"}},
        {"stable": {"name": "xtts"}},
        "stable has neither workload nor service, so nobody could be taken back: name one",
    ),
    (
        {"stable": {"name": "f5-tts-1", "workload": {"engine": "espeak"}}},
        {"stable": {"name": "f5-tts", "workload": {"engine": "espeak"}}},
        "stable and candidate have the same name: give each its own",
    ),
    (
        {"candidate": {"name": "f5-tts", "workload": {"image": "registry.example/any:1"}}},
        {"candidate": {"name": "f5-tts", "workload": {"args": ["serve"]}}},
        "says neither engine nor image: write engine: espeak, or the image of your own server",
    ),
    (side(engine="espeak"), side(engine="festival"), 'supported values: "espeak"'),
    (
        side(replicas={"min": 2, "max": 2}),
        side(replicas={"min": 3, "max": 2}),
        "min is above max: write min <= max",
    ),
    (
        side(env={"F5_NFE": "16"}),
        side(env={"F5-NFE": "16"}),
        "write letters, digits and _ only, as in F5_NFE",
    ),
    (
        side(env={"VOICE_QUEUE": "4"}),
        side(env={"VOICE_VARIANT": "stable"}),
        "sets a variable that the operator sets: leave out VOICE_ENGINE,",
    ),
    (
        side(secretEnv={"HF_TOKEN": {"secret": "hf", "key": "token"}}),
        side(secretEnv={"VOICE_ROLLOUT": {"secret": "hf", "key": "token"}}),
        "sets a variable that the operator sets: leave out VOICE_ENGINE,",
    ),
    (
        side(env={"A": "1"}, secretEnv={"B": {"secret": "hf", "key": "token"}}),
        side(env={"A": "1"}, secretEnv={"A": {"secret": "hf", "key": "token"}}),
        "has one name in env and in secretEnv: keep one of the two",
    ),
    (
        side(model={"claim": "weights", "mountPath": "/tmp/models"}),
        side(model={"claim": "weights", "mountPath": "/tmp/"}),
        "is not a place for a model: write another folder than /tmp",
    ),
    (
        side(resources={"limits": {"cpu": "1.5", "memory": "1Gi"}}),
        side(resources={"limits": {"nvidia.com/gpu": "1"}}),
        "write GPUs under gpu, leave out the rest",
    ),
    (
        side(resources={"requests": {"memory": "1024Mi"}, "limits": {"memory": "1Gi"}}),
        side(resources={"requests": {"memory": "1025Mi"}, "limits": {"memory": "1Gi"}}),
        "requests more than its limit: write requests <= limits",
    ),
    (side(gpu={"product": "NVIDIA-A100"}), side(gpu={"product": "-A100"}), "should match"),
    (
        side(gpu={"product": "A100", "count": 1}),
        side(gpu={"product": "A100", "count": 0}),
        "greater than or equal to 1",
    ),
    (side(port=1024), side(port=80), "should be greater than or equal to 1024"),
    (
        keys(enabled="A", phase="B"),
        keys(enabled="A", phase="A"),
        "names one key twice: give each value its own",
    ),
    (
        keys(percentage="flag.json"),
        keys(percentage="f5-tts.flag.json"),
        "names a key that ends with .flag.json, where flag documents live: choose another key",
    ),
    ({"audience": {"allow": ["qa-1"]}}, {"audience": {"allow": [""]}}, "should be at least 1 chars long"),
    ({"analysis": {"interval": "1s"}}, {"analysis": {"interval": "0s"}}, "is too short: write 1s or more"),
]


async def admit(kube: Kube, namespace: str, body: Manifest) -> Manifest:
    return await kube.create(STRICT.format(namespace), body)


async def refusal(kube: Kube, namespace: str, body: Manifest) -> str:
    with pytest.raises(RefusedError) as refused:
        await admit(kube, namespace, body)
    return str(refused.value)


def named(name: str, **spec: Any) -> Manifest:
    """A rollout as a person would send it."""
    body = a_resource(name, **spec)
    return body | {"metadata": {"name": name}}


@pytest.mark.parametrize(
    ("good", "bad", "says"), PAIRS, ids=[f"{n} {says[:60]}" for n, (_, _, says) in enumerate(PAIRS)]
)
async def test_a_rule_lets_the_one_in_and_tells_the_other_what_to_write(
    kube: Kube, namespace: str, good: Manifest, bad: Manifest, says: str
) -> None:
    await admit(kube, namespace, named("f5-tts", **good))

    assert says in await refusal(kube, namespace, named("f5-tts", **bad))


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

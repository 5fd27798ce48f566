"""What the API server itself lets in, and what it says to the rest: each rule with one of both."""

from typing import Any

import pytest

from support.admission import admit, named, refusal
from support.kube import Kube
from support.rollouts import ERROR_RATE, P99, Manifest, a_phase

pytestmark = pytest.mark.cluster


def side(**workload: Any) -> Manifest:
    """A candidate whose workload has these fields too."""
    return {"candidate": {"name": "f5-tts", "workload": {"engine": "espeak", **workload}}}


def beside_a_model(model: str, voices: str) -> Manifest:
    return side(
        model={"claim": "weights", "mountPath": model}, voices={"claim": "voices", "mountPath": voices}
    )


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
    (side(engine="espeak"), side(engine="festival"), 'supported values: "espeak", "f5", "google", "xtts"'),
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
        side(voices={"claim": "voices", "mountPath": "/tmp/voices"}),
        side(voices={"claim": "voices", "mountPath": "/tmp"}),
        "is not a place for voices: write another folder than /tmp",
    ),
    (
        side(env={"VOICE_VOICES_PATH": "/models/ours"}),
        side(env={"VOICE_VOICES_PATH": "/models/ours"}, voices={"claim": "voices"}),
        "sets VOICE_VOICES_PATH beside voices: leave it out and write that folder in voices.mountPath",
    ),
    (
        side(secretEnv={"VOICE_VOICES_PATH": {"secret": "voices", "key": "path"}}),
        side(
            secretEnv={"VOICE_VOICES_PATH": {"secret": "voices", "key": "path"}}, voices={"claim": "voices"}
        ),
        "sets VOICE_VOICES_PATH beside voices",
    ),
    (
        side(model={"claim": "weights"}, voices={"claim": "voices"}),
        side(model={"claim": "weights"}, voices={"claim": "weights"}),
        "which no pod can mount twice: give voices a claim of their own",
    ),
    (
        beside_a_model("/models", "/voices"),
        beside_a_model("/models", "/models"),
        "one over the other: write folders side by side, such as /voices and /models",
    ),
    (
        beside_a_model("/models", "/models-voices"),
        beside_a_model("/models", "/models/voices"),
        "side by side",
    ),
    (beside_a_model("/data/f5", "/data/voices"), beside_a_model("/data/f5", "/data"), "side by side"),
    (
        beside_a_model("/models", "/voices"),
        beside_a_model("/models/", "/voices"),
        "has voices beside a mountPath with //, /./ or a / at its end: write it plainly, such as /models",
    ),
    (beside_a_model("/a/b", "/a/c"), beside_a_model("/a/b", "/a//b"), "write it plainly"),
    (
        side(model={"claim": "weights", "mountPath": "/a//b"}),
        beside_a_model("/a/./b", "/c"),
        "write it plainly",
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


@pytest.mark.parametrize(
    ("good", "bad", "says"), PAIRS, ids=[f"{n} {says[:60]}" for n, (_, _, says) in enumerate(PAIRS)]
)
async def test_a_rule_lets_the_one_in_and_tells_the_other_what_to_write(
    kube: Kube, namespace: str, good: Manifest, bad: Manifest, says: str
) -> None:
    await admit(kube, namespace, named("f5-tts", **good))

    assert says in await refusal(kube, namespace, named("f5-tts", **bad))

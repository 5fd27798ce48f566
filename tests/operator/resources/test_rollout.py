from typing import Any

import pytest

from support.rollouts import Manifest, a_resource, a_rollout, a_spec
from voice_rollout.api.status import Progress, Status
from voice_rollout.resources.rollout import UnreadableError, problem_of, read_rollout, read_status

# Every default as the API server writes it out.
WRITTEN_OUT: Manifest = {
    "advance": "Automatic",
    "paused": False,
    "audience": {"allow": [], "deny": [], "allowFrom": [], "denyFrom": []},
    "flag": {"name": "f5tts_engine", "configMap": "voice-flags", "requires": [], "legacyKeys": {}},
    "rollback": {"cooldown": "10m", "escalateAfter": 3},
}


def test_a_default_that_is_written_out_changes_no_hash() -> None:
    short, long = a_rollout(), a_rollout(**WRITTEN_OUT)

    assert (short.spec_hash, short.candidate_hash) == (long.spec_hash, long.candidate_hash)


def test_how_a_number_or_a_duration_is_written_changes_no_hash() -> None:
    one = a_rollout(percentage=50, analysis={"interval": "90s"})
    other = a_rollout(percentage=50.0, analysis={"interval": "1m30s"})

    assert one.spec_hash == other.spec_hash


def test_the_hashes_of_a_published_spec_never_change() -> None:
    rollout = a_rollout()

    assert (rollout.spec_hash, rollout.candidate_hash) == ("07bd8375e45932ad", "3a67de9072270e08")


@pytest.mark.parametrize(
    "change",
    [
        {"phase": "beta"},
        {"percentage": 99.999},
        {"advance": "Manual"},
        {"audience": {"deny": ["banned-1"]}},
        {"analysis": {"minSamples": 51}},
        {"rollback": {"cooldown": "11m"}},
        {"candidate": a_spec()["candidate"] | {"name": "f5"}},
    ],
)
def test_any_change_is_another_spec(change: Manifest) -> None:
    assert a_rollout(**change).spec_hash != a_rollout().spec_hash


def test_a_pause_is_the_same_spec() -> None:
    assert a_rollout(paused=True).spec_hash == a_rollout().spec_hash


def with_workload(**fields: Any) -> str:
    return a_rollout(candidate={"name": "f5-tts", "workload": {"engine": "espeak", **fields}}).candidate_hash


@pytest.mark.parametrize(
    "change",
    [
        {"image": "registry.example/other:1"},
        {"env": {"F5_NFE": "32"}},
        {"args": ["--fast"]},
        {"gpu": {"product": "A100"}},
        {"model": {"claim": "other"}},
    ],
)
def test_other_pods_are_another_candidate(change: Manifest) -> None:
    assert with_workload(**change) != with_workload()


def test_more_of_the_same_pods_are_the_same_candidate() -> None:
    assert with_workload(replicas={"min": 2, "max": 9}) == with_workload()
    assert a_rollout(phase="beta").candidate_hash == a_rollout().candidate_hash


def test_another_service_is_another_candidate() -> None:
    one, other = (a_rollout(candidate={"name": "f5", "service": {"name": name}}) for name in ("a", "b"))

    assert one.candidate_hash != other.candidate_hash


def test_the_salt_is_the_pinned_one_the_given_one_or_the_default() -> None:
    given = a_resource(flag={"name": "f5tts_engine", "salt": "f5tts/1"})
    pinned = Status(progress=Progress(salt="pinned"))

    assert read_rollout(a_resource(), Status()).salt == "voice/f5-tts/1"
    assert read_rollout(given, Status()).salt == "f5tts/1"
    assert read_rollout(given, pinned).salt == "pinned"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"percentag": 1}, "spec.percentag: Extra inputs are not permitted"),
        ({"phase": "gamma"}, "phase gamma is not in the plan: write disabled or one of alpha, beta, ga"),
        ({"analysis": {"interval": "soon"}}, "spec.analysis.interval: "),
        ({"percentage": "10"}, "spec.percentage: "),
    ],
)
def test_a_spec_of_another_version_is_refused_with_its_field(change: Manifest, says: str) -> None:
    with pytest.raises(UnreadableError) as refused:
        read_rollout(a_resource(**change), Status())

    assert says in str(refused.value)


@pytest.mark.parametrize(
    "status",
    [None, {}, {"phase": 7}, {"unknown": 1}, {"percentage": "many"}, {"progress": {"latch": {}}}],
)
def test_a_status_that_cannot_be_read_counts_as_lost(status: Any) -> None:
    assert read_status(a_resource() | {"status": status}) == Status()


def test_a_template_that_nobody_wrote_is_said_with_the_ones_there_are() -> None:
    spec = a_rollout().spec

    assert problem_of(spec, frozenset({"error-rate", "latency-p99"})) == ""
    assert problem_of(spec, frozenset({"error-rate", "rtf"})) == (
        "metric template latency-p99 is not in the catalogue: write one of error-rate, rtf"
    )

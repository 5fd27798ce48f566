from dataclasses import replace

import pytest

from support.flag_maps import BETA_25, KEYS, PEOPLE, changed, with_keys, written
from support.rollouts import OFF, Manifest, a_rollout
from voice_rollout.resources.flag import (
    conflict,
    document,
    entries,
    leaving,
    look,
)


def test_a_new_or_our_own_config_map_is_no_conflict() -> None:
    rollout = with_keys()

    fine: list[Manifest | None] = [None, written(rollout), {"metadata": {}}, {"metadata": {}, "data": None}]
    for live in fine:
        assert conflict(rollout, live, frozenset()).problem == ""


def test_a_flat_key_of_somebody_else_is_named_and_left_alone() -> None:
    rollout = with_keys()
    live = {"metadata": {}, "data": {"FEATURE_F5TTS_PHASE": "theirs", "UNRELATED": "1"}}
    found = conflict(rollout, live, frozenset())
    ours = leaving(rollout, found.foreign)

    assert found.problem == (
        "key FEATURE_F5TTS_PHASE of ConfigMap voice-flags belongs to somebody else: "
        "remove it there, or choose another legacy key"
    )
    assert not found.forbids
    assert "FEATURE_F5TTS_PHASE" not in entries(ours, document(ours, PEOPLE, OFF, 1, 1))
    assert "FEATURE_F5TTS_ENABLED" in entries(ours, document(ours, PEOPLE, OFF, 1, 1))
    assert look(ours, PEOPLE, changed(written(ours), FEATURE_F5TTS_PHASE="theirs")).intact


def test_a_key_that_we_wrote_stays_ours_when_a_hand_edits_it() -> None:
    rollout = with_keys()
    edited = changed(written(rollout), FEATURE_F5TTS_PHASE="edited")
    edited["metadata"]["managedFields"] = [{"manager": "kubectl-edit", "fieldsV1": {"f:data": {}}}]

    assert conflict(rollout, edited, frozenset(KEYS.values())) == conflict(rollout, None, frozenset())


def test_a_flag_has_one_rollout() -> None:
    theirs = document(replace(a_rollout(), name="older"), PEOPLE, BETA_25, 4, 1).to_json()
    newcomer = conflict(a_rollout(), {"metadata": {}, "data": {"older.flag.json": theirs}}, frozenset())
    first = conflict(a_rollout(), changed(written(a_rollout()), **{"older.flag.json": theirs}), frozenset())

    assert newcomer.problem == (
        "flag f5tts_engine of ConfigMap voice-flags is already older's: choose another spec.flag.name"
    )
    assert (newcomer.forbids, first.forbids) == (True, False)


@pytest.mark.parametrize("text", ["not json", "[]", "{}", '{"flag": "another"}'])
def test_other_documents_are_no_conflict(text: str) -> None:
    live = {"metadata": {}, "data": {"older.flag.json": text}}

    assert conflict(a_rollout(), live, frozenset()).problem == ""


def test_an_immutable_config_map_is_said() -> None:
    found = conflict(a_rollout(), written(a_rollout()) | {"immutable": True}, frozenset())

    assert found.forbids
    assert "is immutable: delete it, or name another one in spec.flag.configMap" in found.problem

"""One look at a rollout on a cluster in memory: what is written, and what is left alone."""

import json
from typing import Any

import pytest

from support.rollouts import OFF, Manifest, a_resource, at
from support.simulated_specs import spec_of
from support.simulation import FLAGS, NAME, Simulation
from voice_flags import Document
from voice_rollout.api.names import flag_key
from voice_rollout.api.status import RolloutState

GA_50 = at("ga", 50.5)
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "f5-tts-candidate"},
    "spec": {"port": 1},
}


@pytest.fixture
def world() -> Simulation:
    """Users at ga 50.5 %, everything good."""
    found = Simulation(**spec_of())
    while found.observer.point != GA_50:
        found.all_goes_well()
    return found


def go_bad(world: Simulation) -> None:
    world.figure = "dreadful"
    world.all_goes_well(3)


def flags(world: Simulation) -> dict[str, str]:
    return dict(world.cluster.objects["ConfigMap", FLAGS]["data"])


def with_keys(**keys: str) -> Manifest:
    return {"flag": {"name": "f5tts_engine", "legacyKeys": keys}}


def put_flags(world: Simulation, **data: str) -> None:
    world.edit_flag(lambda live: live.update(data))


def test_a_key_of_somebody_else_stops_the_climb_but_no_rollback(world: Simulation) -> None:
    put_flags(world, THEIRS="1")
    world.edit(**with_keys(enabled="THEIRS", phase="OURS"))
    world.all_goes_well(10)
    assert (world.observer.point, world.status().state) == (GA_50, RolloutState.INVALID)
    assert "key THEIRS of ConfigMap voice-flags belongs to somebody else" in world.status().message

    go_bad(world)

    assert world.observer.point == at("alpha", 10)
    assert (flags(world)["THEIRS"], flags(world)["OURS"]) == ("1", "alpha")


def test_a_key_that_was_given_up_is_taken(world: Simulation) -> None:
    put_flags(world, THEIRS="1")
    world.edit(**with_keys(enabled="THEIRS"))
    world.all_goes_well()
    world.edit_flag(lambda live: live.pop("THEIRS"))
    world.all_goes_well()

    assert flags(world)["THEIRS"] == "true"


def test_a_name_that_is_taken_stops_the_climb_and_is_not_touched() -> None:
    world = Simulation(**spec_of())
    theirs = world.cluster.put(SERVICE)
    world.all_goes_well(10)

    assert world.observer.point == OFF
    assert world.status().message == (
        "disabled: Service f5-tts-candidate exists and is not ours: delete it, or rename this VoiceRollout"
    )
    assert world.cluster.objects["Service", "f5-tts-candidate"] is theirs


def test_an_engine_without_an_image_stops_the_climb_and_says_which_value_to_set() -> None:
    world = Simulation(**spec_of(candidate={"name": "f5-tts", "workload": {"engine": "f5"}}))
    world.all_goes_well(10)

    assert world.observer.point == OFF
    assert world.status().message == (
        "disabled: engine f5 has no image here: set images.engines.f5 in the chart, or workload.image"
    )
    assert ("Deployment", "f5-tts-candidate") not in world.cluster.objects


def test_a_flag_has_one_rollout_and_the_first_one_keeps_it(world: Simulation) -> None:
    other = json.loads(flags(world)[flag_key(NAME)]) | {"rollout": "newer"}
    put_flags(world, **{flag_key("newer"): json.dumps(other)})
    go_bad(world)

    assert world.observer.point == at("alpha", 10)


def test_a_list_that_no_document_can_hold_leaves_the_served_one_in_force(world: Simulation) -> None:
    vip = {"kind": "ConfigMap", "metadata": {"name": "vip"}, "data": {"list": "ann\n\n bob \n"}}
    world.cluster.put(vip)
    world.edit(audience={"allowFrom": ["vip"], "denyFrom": []})
    world.all_goes_well()
    assert Document.parse(flags(world)[flag_key(NAME)]).allow == {"ann", "bob"}

    world.cluster.put(vip | {"data": {"list": "x" * 300}})
    world.all_goes_well(10)

    assert Document.parse(flags(world)[flag_key(NAME)]).allow == {"ann", "bob"}
    assert "the audience has an id of 300 characters" in world.status().message
    go_bad(world)
    assert world.observer.point == at("alpha", 10)


@pytest.mark.parametrize("text", ["", "not json", '{"version": 1}', None])
def test_a_flag_that_a_hand_spoiled_is_whole_again_after_one_look(
    world: Simulation, text: str | None
) -> None:
    sound, generation = flags(world), world.observer.generation
    put_flags(world, SOMEBODYS="value", **({flag_key(NAME): text} if text is not None else {}))
    if text is None:
        world.edit_flag(lambda live: live.pop(flag_key(NAME)))
    world.tick()

    repaired = Document.parse(flags(world)[flag_key(NAME)])
    assert repaired.generation == generation + 1
    assert (repaired.phase, repaired.percentage) == ("ga", Document.parse(sound[flag_key(NAME)]).percentage)
    assert flags(world)["SOMEBODYS"] == "value"


def test_with_flag_and_status_both_lost_gateways_still_get_a_generation_that_is_new_to_them(
    world: Simulation,
) -> None:
    served = max(world.gateways.values())
    live: dict[str, Any] = a_resource(NAME, **spec_of())
    world.cluster.objects.clear()
    world.cluster.put(live)
    world.restart()
    world.tick()

    assert world.observer.point == OFF
    assert world.observer.generation > served


def test_a_rollout_without_its_status_goes_on_where_its_users_are(world: Simulation) -> None:
    live = world.cluster.objects["VoiceRollout", NAME]
    world.cluster.put({**live, "status": {}})
    world.restart()
    world.all_goes_well(12)

    assert world.observer.shares == ["alpha 10 %", "ga 10 %", "ga 50.5 %", "ga 100 %"]
    assert world.status().state is RolloutState.COMPLETE


def test_a_spec_of_another_version_leaves_users_where_they_are(world: Simulation) -> None:
    before = flags(world)
    live = world.cluster.objects["VoiceRollout", NAME]
    world.cluster.put({**live, "spec": live["spec"] | {"novelty": 1}})
    world.tick()
    written = len(world.cluster.writes)
    world.tick()

    assert flags(world) == before
    assert world.status().state is RolloutState.INVALID
    assert world.status().message == "spec.novelty: Extra inputs are not permitted"
    assert len(world.cluster.writes) == written

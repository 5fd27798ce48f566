"""What people's hands do to the operator's objects is repaired; what is theirs is left alone."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from support.flag_history import Place
from support.kube import BUDGETS, CONFIG_MAPS, DEPLOYMENTS, SERVICES, Object
from support.manifests import a_spec
from support.prometheus_stub import BAD, NAN
from support.stage import GENEROUS, Stage, eventually

REPAIRED_WITHIN = 2.0
LEGACY = {"enabled": "FEATURE_F5TTS_ENABLED", "percentage": "FEATURE_F5TTS_PERCENTAGE"}


async def holding_at_alpha(stage: Stage, **spec: Any) -> Object:
    """Returns the flag ConfigMap as it then is."""
    await stage.create(a_spec(**spec), NAN)
    await stage.start()
    await stage.until(phase="alpha", state="Holding")
    await stage.quiet()
    found: Object = await stage.kube.get(config_map(stage))
    return found


def config_map(stage: Stage) -> str:
    return f"{CONFIG_MAPS.format(stage.namespace)}/voice-flags"


async def data(stage: Stage) -> dict[str, str]:
    return ((await stage.kube.find(config_map(stage))) or {}).get("data") or {}


async def repaired(stage: Stage, told: str, is_whole: Callable[[], Awaitable[bool]]) -> None:
    """From now on it takes two seconds at most."""

    async def whole() -> bool | None:
        return True if await is_whole() else None

    async def otherwise() -> str:
        return f"{told}: {await data(stage)} {stage.operator.last_words()}"

    began = stage.clock()
    await eventually(whole, GENEROUS, otherwise)
    assert stage.clock() - began < REPAIRED_WITHIN, told


async def test_an_edit_of_the_flags_is_undone_within_two_seconds(stage: Stage) -> None:
    await stage.gateway()
    before = await holding_at_alpha(stage, flag={"legacyKeys": LEGACY})
    document = json.loads(before["data"]["f5.flag.json"])
    edits = {
        "more users than decided": {"f5.flag.json": json.dumps(document | {"percentage": 90})},
        "the same, as if later": {
            "f5.flag.json": json.dumps(document | {"percentage": 90, "generation": 99})
        },
        "other users": {"f5.flag.json": json.dumps(document | {"allow": ["me"]})},
        "no document": {"f5.flag.json": None},
        "garbage": {"f5.flag.json": "{"},
        "a flat key": {"FEATURE_F5TTS_PERCENTAGE": "100"},
        "no flat key": {"FEATURE_F5TTS_ENABLED": None},
    }

    async def whole() -> bool:
        now = await data(stage)
        return (
            now.get("FEATURE_F5TTS_ENABLED") == "true"
            and now.get("FEATURE_F5TTS_PERCENTAGE") == "10"
            and _without_generation(now.get("f5.flag.json", "{}"))
            == _without_generation(json.dumps(document))
        )

    for told, edit in edits.items():
        generation = (await stage.document())["generation"]
        await stage.kube.merge(config_map(stage), {"data": edit})
        await repaired(stage, told, whole)
        assert (await stage.document())["generation"] >= generation
    await stage.until(flag=lambda flag: flag["ackedPods"] == 1)


async def test_deleted_flags_are_back_within_two_seconds_above_what_gateways_had(stage: Stage) -> None:
    await stage.gateway()
    before = await holding_at_alpha(stage)
    generation = json.loads(before["data"]["f5.flag.json"])["generation"]

    await stage.kube.delete(config_map(stage))

    async def whole() -> bool:
        return (await stage.document()).get("percentage") == 10

    await repaired(stage, "deleted", whole)
    assert (await stage.document())["generation"] > generation
    await stage.until(flag=lambda flag: flag["ackedPods"] == 1)


async def test_foreign_keys_and_annotations_survive_every_repair(stage: Stage) -> None:
    theirs = {
        "metadata": {"annotations": {"team": "speech"}, "labels": {"mine": "yes"}},
        "data": {"OTHER": "1"},
    }
    await stage.kube.create(
        CONFIG_MAPS.format(stage.namespace),
        {**theirs, "metadata": {**theirs["metadata"], "name": "voice-flags"}},
    )
    await holding_at_alpha(stage)

    await stage.kube.merge(config_map(stage), {"data": {"f5.flag.json": "{", "OTHER": "2"}})
    await repaired(stage, "edited", lambda: _is_at_alpha(stage))

    live = await stage.kube.get(config_map(stage))
    assert live["data"]["OTHER"] == "2"
    assert live["metadata"]["annotations"]["team"] == "speech"
    assert live["metadata"]["labels"] == {"mine": "yes"}


async def test_an_edited_or_deleted_object_is_repaired_within_two_seconds(stage: Stage) -> None:
    await holding_at_alpha(stage)
    edits: list[tuple[str, Object | None]] = [
        (DEPLOYMENTS, {"spec": {"replicas": 7}}),
        (DEPLOYMENTS, {"spec": {"template": {"spec": {"automountServiceAccountToken": True}}}}),
        (DEPLOYMENTS, None),
        (SERVICES, {"spec": {"selector": {"voicerollout.dev/rollout": "other"}}}),
        (SERVICES, None),
        (BUDGETS, {"spec": {"maxUnavailable": 9}}),
        (BUDGETS, None),
    ]

    for where, edit in edits:
        for name in ("f5-stable", "f5-candidate"):
            path = f"{where.format(stage.namespace)}/{name}"
            before = (await stage.kube.get(path))["spec"]

            async def whole(path: str = path, before: Object = before) -> bool:
                live = await stage.kube.find(path)
                return live is not None and _like(live["spec"], before)

            await (stage.kube.merge(path, edit) if edit else stage.kube.delete(path))
            await repaired(stage, f"{path} {edit or 'deleted'}", whole)


@pytest.mark.parametrize("where", [DEPLOYMENTS, SERVICES], ids=["deployment", "service"])
async def test_a_foreign_object_of_that_name_is_a_named_conflict_and_stays_untouched(
    stage: Stage, where: str
) -> None:
    kind = "Deployment" if where is DEPLOYMENTS else "Service"
    path = where.format(stage.namespace)
    theirs = await stage.kube.create(path, _foreign(kind, "f5-candidate"))
    await stage.create(a_spec())
    await stage.start()

    told = f"{kind} f5-candidate exists and is not ours: delete it, or rename this VoiceRollout"
    await stage.until(state="Invalid", message=lambda message: told in message)

    live = await stage.kube.get(f"{path}/f5-candidate")
    assert (live["spec"], live["metadata"].get("labels")) == (
        theirs["spec"],
        theirs["metadata"].get("labels"),
    )
    assert stage.flags.places == [Place("disabled", 0)]
    await stage.kube.delete(f"{path}/f5-candidate")
    await stage.history(lambda flags: Place("alpha", 10) in flags.places)


async def test_a_foreign_flat_key_is_a_named_conflict_and_stays_untouched(stage: Stage) -> None:
    key = LEGACY["enabled"]
    theirs = {"metadata": {"name": "voice-flags"}, "data": {key: "maybe"}}
    await stage.kube.create(CONFIG_MAPS.format(stage.namespace), theirs)
    await stage.create(a_spec(flag={"legacyKeys": LEGACY}))
    await stage.start()

    told = f"key {key} of ConfigMap voice-flags belongs to somebody else"
    await stage.until(state="Invalid", message=lambda message: told in message)
    assert (await data(stage))[key] == "maybe"

    await stage.kube.merge(config_map(stage), {"data": {key: None}})
    await stage.history(lambda flags: Place("alpha", 10) in flags.places)
    assert (await data(stage))[key] == "true"


async def test_a_conflict_keeps_nobody_on_a_bad_candidate(stage: Stage) -> None:
    await holding_at_alpha(stage)
    await stage.kube.merge(config_map(stage), {"data": {LEGACY["enabled"]: "maybe"}})
    await stage.change(flag={"legacyKeys": LEGACY})
    await stage.until(state="Invalid")

    stage.measure(BAD)

    await stage.until(rollbacks=1)
    assert (await stage.document())["state"] == "off"
    assert (await data(stage))[LEGACY["enabled"]] == "maybe"


async def _is_at_alpha(stage: Stage) -> bool:
    try:
        return (await stage.document()).get("percentage") == 10
    except ValueError:
        return False


def _without_generation(text: str) -> Any:
    try:
        return {**json.loads(text), "generation": 0}
    except ValueError:
        return None


def _like(found: Any, wanted: Any) -> bool:
    """Whatever was asked for is as it was; what the API server adds anew may differ."""
    match found, wanted:
        case dict(), dict():
            assigned = {"clusterIP", "clusterIPs"}
            return all(_like(found.get(key), one) for key, one in wanted.items() if key not in assigned)
        case _:
            return bool(found == wanted)


def _foreign(kind: str, name: str) -> Object:
    if kind == "Service":
        return {
            "metadata": {"name": name},
            "spec": {"ports": [{"port": 1234}], "selector": {"app": "theirs"}},
        }
    labels = {"app": "theirs"}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "x", "image": "theirs"}]}}
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": pod},
    }

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from voice_rollout.api.crd import crd, render

ROOT = Path(__file__).parents[3]
COPIES = ("crds/voicerollouts.yaml", "charts/voice-rollout/crds/voicerollouts.yaml")


@pytest.mark.parametrize("copy", COPIES)
def test_the_written_resource_is_the_one_that_the_types_give(copy: str) -> None:
    assert (ROOT / copy).read_text() == render(), "run `make crds`"


def test_what_is_written_reads_back_the_same() -> None:
    assert yaml.safe_load(render()) == crd()


def test_the_names_that_people_type() -> None:
    spec = crd()["spec"]

    assert (spec["group"], spec["scope"]) == ("voicerollout.dev", "Namespaced")
    assert spec["names"]["shortNames"] == ["vr"]
    assert [version["name"] for version in spec["versions"]] == ["v1alpha1"]


def test_the_table_shows_what_the_contract_promises() -> None:
    (version,) = crd()["spec"]["versions"]
    columns = [column["name"].upper() for column in version["additionalPrinterColumns"]]

    assert columns == ["PHASE", "%", "STATE", "HEALTH", "NEXT", "AGE"]
    assert version["subresources"] == {"status": {}}


def test_every_rule_has_a_message() -> None:
    rules = [rule for node in _nodes(crd()) for rule in node.get("x-kubernetes-validations", [])]

    assert len(rules) > 20
    assert all(rule.get("message") or rule.get("messageExpression") for rule in rules)


def test_a_status_may_be_written_in_parts() -> None:
    (version,) = crd()["spec"]["versions"]
    status = version["schema"]["openAPIV3Schema"]["properties"]["status"]

    assert [node for node in _nodes(status) if "required" in node or "default" in node] == []


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        yield from _nodes(each)

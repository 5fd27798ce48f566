import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from support.chart import CHART, WAYS_TO_INSTALL, helm

SCHEMA = json.loads((CHART / "values.schema.json").read_text())
DEFAULTS = yaml.safe_load((CHART / "values.yaml").read_text())
# Objects whose names are the user's own.
OPEN = {"global", "templates", "nodeSelector", "labels", "requests", "limits"}


def sections(values: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every object in the defaults whose names are ours."""
    if isinstance(values, dict) and not OPEN & set(path):
        yield path
        for name, value in values.items():
            yield from sections(value, (*path, name))


def nested(path: tuple[str, ...], value: Any) -> Any:
    for name in reversed(path):
        value = {name: value}
    return value


def template(values: dict[str, Any]) -> str:
    """What helm says against these values; nothing when it takes them."""
    done = helm("template", "voice-rollout", str(CHART), values=values)
    return done.stderr if done.returncode else ""


@pytest.mark.parametrize("way", WAYS_TO_INSTALL)
def test_helm_lint_has_nothing_to_say(way: str) -> None:
    done = helm("lint", "--strict", str(CHART), values=WAYS_TO_INSTALL[way])

    assert done.returncode == 0, done.stdout
    assert "[WARNING]" not in done.stdout


@pytest.mark.parametrize("path", list(sections(DEFAULTS)), ids=".".join)
def test_a_misspelt_value_is_refused_wherever_it_stands(path: tuple[str, ...]) -> None:
    assert "additional properties 'replcias' not allowed" in template(nested((*path, "replcias"), 1))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"gateway": {"replicas": "three"}}, "'/gateway/replicas': got string, want integer"),
        ({"gateway": {"replicas": 0}}, "'/gateway/replicas': minimum: got 0, want 1"),
        ({"operator": {"replicas": 2.5}}, "'/operator/replicas': got number, want integer"),
        ({"gateway": {"flagsConfigMap": ""}}, "'/gateway/flagsConfigMap': '' does not match pattern"),
        ({"images": {"operator": "operator"}}, "'/images/operator': 'operator' does not match pattern"),
        ({"images": {"pullPolicy": "Sometimes"}}, "'/images/pullPolicy': value must be one of 'Always'"),
        (
            {"prometheus": {"url": "prometheus:9090"}},
            "'/prometheus/url': 'prometheus:9090' does not match pattern",
        ),
        ({"prometheus": {"url": "http://me:secret@prometheus"}}, "'/prometheus/url'"),
        ({"operator": {"namespaces": "voice"}}, "'/operator/namespaces': got string, want array"),
        ({"operator": {"namespaces": ["Voice"]}}, "'/operator/namespaces/0': 'Voice' does not match pattern"),
        ({"operator": {"resources": {"request": {}}}}, "additional properties 'request' not allowed"),
        ({"podMonitor": {"interval": 10}}, "'/podMonitor/interval': got number, want string"),
        ({"networkPolicy": {"metricsFrom": []}}, "'/networkPolicy/metricsFrom': minItems: got 0, want 1"),
        (
            {"networkPolicy": {"apiServerPorts": [70000]}},
            "'/networkPolicy/apiServerPorts/0': maximum: got 70,000",
        ),
        ({"templates": {"nps": {}}}, "'/templates/nps': minProperties: got 0, want 1"),
        ({"templates": {"nps": {"window": 30}}}, "'/templates/nps/window': got number, want string"),
        ({"templates": {"nps": {"window": "1h", "query": "x"}}}, "additional properties 'query' not allowed"),
    ],
)
def test_a_wrong_value_is_refused_by_name(wrong: dict[str, Any], message: str) -> None:
    assert message in template(wrong)


@pytest.mark.parametrize(
    "image", ["voice:1.2.0", "localhost:5000/voice/operator:dev", "example.com/voice@sha256:" + "0" * 64]
)
def test_an_image_has_a_tag_or_a_digest(image: str) -> None:
    assert not template({"images": {"operator": image}})


def test_every_value_says_what_it_means() -> None:
    def undescribed(schema: dict[str, Any], path: str = "") -> Iterator[str]:
        for name, value in schema.get("properties", {}).items():
            if "description" not in value:
                yield f"{path}.{name}"
            yield from undescribed(value, f"{path}.{name}")

    assert list(undescribed(SCHEMA)) == []


def test_every_value_has_a_default() -> None:
    def names(schema: dict[str, Any]) -> Any:
        return {name: names(each) for name, each in schema.get("properties", {}).items() if name != "global"}

    def known(values: Any, like: Any) -> Any:
        return {name: known(each, like[name]) for name, each in values.items()} if like else {}

    assert known(DEFAULTS, names(SCHEMA)) == names(SCHEMA)

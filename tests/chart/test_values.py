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
        ({"gateway": {"concurrency": 0}}, "'/gateway/concurrency': minimum: got 0, want 1"),
        ({"gateway": {"concurrency": 10_001}}, "'/gateway/concurrency': maximum: got 10,001, want 10,000"),
        ({"gateway": {"answersMiB": 15}}, "'/gateway/answersMiB': minimum: got 15, want 16"),
        ({"gateway": {"answersMiB": 65_537}}, "'/gateway/answersMiB': maximum: got 65,537, want 65,536"),
        ({"gateway": {"maxWaitSeconds": -1}}, "'/gateway/maxWaitSeconds': minimum: got -1, want 0"),
        ({"gateway": {"maxWaitSeconds": "2s"}}, "'/gateway/maxWaitSeconds': '2s' does not match pattern"),
        ({"gateway": {"engineTimeoutSeconds": 0.0001}}, "'/gateway/engineTimeoutSeconds': multipleOf"),
        (
            {"gateway": {"engineTimeoutSeconds": 10_000}},
            "'/gateway/engineTimeoutSeconds': maximum: got 10,000",
        ),
        ({"gateway": {"logKeySecret": {"key": "a/b"}}}, "'/gateway/logKeySecret/key': 'a/b' does not match"),
        ({"templates": {"nps": {}}}, "'/templates/nps': minProperties: got 0, want 1"),
        ({"templates": {"nps": {"window": 30}}}, "'/templates/nps/window': got number, want string"),
        ({"templates": {"nps": {"window": "1h", "query": "x"}}}, "additional properties 'query' not allowed"),
    ],
)
def test_a_wrong_value_is_refused_by_name(wrong: dict[str, Any], message: str) -> None:
    assert message in template(wrong)


def gateway_memory(answers: int, memory: str | int) -> dict[str, Any]:
    return {"gateway": {"answersMiB": answers, "resources": {"limits": {"memory": memory}}}}


@pytest.mark.parametrize(
    ("answers", "memory"), [(65, "258Mi"), (448, "1Gi"), (192, "0.5Gi"), (448, "1G"), (448, 1_000_000)]
)
def test_a_gateway_may_have_as_much_memory_as_its_answers_need(answers: int, memory: str | int) -> None:
    assert not template(gateway_memory(answers, memory))


@pytest.mark.parametrize(
    ("answers", "memory", "needed"), [(65, "257Mi", 258), (449, "1Gi", 1026), (448, "0.9Gi", 1024)]
)
def test_less_memory_than_a_gateways_answers_need_is_refused(answers: int, memory: str, needed: int) -> None:
    assert (
        f"gateway.resources.limits.memory: {memory} is less than 128Mi and twice gateway.answersMiB ({answers}): "
        f"write {needed}Mi or more, or fewer answersMiB"
    ) in template(gateway_memory(answers, memory))


def test_seconds_may_be_set_on_the_command_line() -> None:
    done = helm("template", "voice-rollout", str(CHART), "--set", "gateway.maxWaitSeconds=0.5")

    assert '{name: VOICE_MAX_WAIT_SECONDS, value: "0.5"}' in done.stdout


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

import pytest

from support.rollouts import seconds
from voice_rollout.resources.templates import TemplateError, catalogue


def test_the_catalogue_that_comes_with_the_operator() -> None:
    known = catalogue()

    assert set(known) == {"error-rate", "latency-p99", "vram-oom-per-hour"}
    assert {name: template.window.total_seconds() for name, template in known.items()} == {
        "error-rate": 30,
        "latency-p99": 30,
        "vram-oom-per-hour": 3600,
    }


@pytest.mark.parametrize("name", ["error-rate", "latency-p99", "vram-oom-per-hour"])
def test_one_query_answers_for_every_rollout(name: str) -> None:
    query = catalogue()[name].query

    assert "by (namespace, rollout, variant)" in query.replace("le, ", "")
    assert "$" not in query
    assert query.count("label_replace") == (1 if name == "vram-oom-per-hour" else 2)


def test_the_platform_adds_its_own() -> None:
    known = catalogue('{nps: {window: 1h, value: "avg by ($by) (nps)"}}')

    assert known["nps"].window == seconds(3600)
    assert (
        known["nps"].query
        == 'label_replace((avg by (namespace, rollout, variant) (nps)), "figure", "value", "", "")'
    )
    assert "error-rate" in known


def test_the_platform_may_change_just_a_window() -> None:
    known = catalogue("{error-rate: {window: 2m}}")

    assert known["error-rate"].window == seconds(120)
    assert "[2m]" in known["error-rate"].query
    assert "[30s]" not in known["error-rate"].query


def test_a_dollar_sign_is_written_twice() -> None:
    own = "{x: {window: 30s, value: 'up{pod=~\"tts-.$$\"}'}}"

    assert 'pod=~"tts-.$"' in catalogue(own)["x"].query


@pytest.mark.parametrize(
    ("own", "says"),
    [
        ("[]", ""),
        ("[1]", "templates must be a mapping: write <name>: "),
        ("text", "templates must be a mapping: write <name>: "),
        ("{x: 1}", "template x: write window, value and, where requests are counted, samples"),
        ("{x: {window: 30s}}", "template x: write window, value and, where requests are counted, samples"),
        ("{x: {window: 30s, value: up, query: up}}", "template x: write window, value and"),
        (
            "{x: {window: 30, value: up}}",
            "template x: write window, value and samples as text, such as window: 30s",
        ),
        ("{x: {window: 30s, value: 1}}", "template x: write window, value and samples as text"),
        ("{x: {window: 30s, value: }}", "template x: write window, value and samples as text"),
        ("{x: {window: soon, value: up}}", "template x: 'soon' is not a duration: write a number and a unit"),
        (
            "{x: {window: 30s, value: 'rate(up[$windw])'}}",
            "template x: value has a $ that is neither $by nor $window",
        ),
        (
            "{x: {window: 30s, value: up, samples: 'up $'}}",
            "template x: samples has a $ that is neither $by nor",
        ),
        ("{x: [", "templates are not YAML: "),
        ("{error-rate: {window: 30}}", "template error-rate: write window, value and samples as text"),
    ],
)
def test_what_cannot_be_used_is_said_with_what_to_write(own: str, says: str) -> None:
    if not says:
        assert catalogue(own)
        return
    with pytest.raises(TemplateError) as refused:
        catalogue(own)

    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ("", {"error-rate"}),
        ("{error-rate: {window: 2m}}", {"error-rate"}),
        ('{error-rate: {value: "sum by ($by) (my_errors)"}}', set()),
    ],
)
def test_the_gateways_can_tell_the_built_in_error_rate_and_no_other_figure(own: str, told: set[str]) -> None:
    assert {name for name, template in catalogue(own).items() if template.is_error_rate} == told

import pytest

from voice_rollout.resources.workload import EngineImages
from voice_rollout.settings import SettingsError, read_settings

LEAST = {"VOICE_OPERATOR_NAMESPACE": "voice"}


def test_the_operators_own_namespace_is_enough() -> None:
    settings = read_settings(LEAST)

    assert (settings.own_namespace, settings.namespaces) == ("voice", ("voice",))
    assert (settings.port, settings.prometheus_url, settings.templates_path) == (8081, "", "")
    assert settings.identity


def test_everything_that_the_chart_says_is_read() -> None:
    settings = read_settings(
        LEAST
        | {
            "VOICE_OPERATOR_NAMESPACES": "voice, recommendations,",
            "VOICE_OPERATOR_PORT": "9000",
            "POD_NAME": "operator-7d4f",
            "VOICE_ENGINE_IMAGES": "espeak=registry.example/voice:1, f5=registry.example/f5:2@sha256:ab",
            "VOICE_ENGINE_IMAGE_PULL_POLICY": "Always",
            "VOICE_PROMETHEUS_URL": "http://prometheus:9090",
            "VOICE_PROMETHEUS_TOKEN_FILE": "/token",
            "VOICE_TEMPLATES_PATH": "/templates.yaml",
        }
    )

    assert settings.namespaces == ("voice", "recommendations")
    assert (settings.port, settings.identity) == (9000, "operator-7d4f")
    assert settings.engine_images == EngineImages(
        {"espeak": "registry.example/voice:1", "f5": "registry.example/f5:2@sha256:ab"}, "Always"
    )
    assert (settings.prometheus_url, settings.prometheus_token_file) == ("http://prometheus:9090", "/token")
    assert settings.templates_path == "/templates.yaml"


@pytest.mark.parametrize("listed", ["", ",", " , "])
def test_no_namespace_to_watch_means_its_own(listed: str) -> None:
    assert read_settings(LEAST | {"VOICE_OPERATOR_NAMESPACES": listed}).namespaces == ("voice",)


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({}, "VOICE_OPERATOR_NAMESPACE is not set: write the namespace the operator runs in"),
        (
            LEAST | {"VOICE_OPERATOR_PORT": "http"},
            "VOICE_OPERATOR_PORT is 'http': write a port number, such as 8081",
        ),
        (LEAST | {"VOICE_OPERATOR_PORT": ""}, "VOICE_OPERATOR_PORT is '': write a port number, such as 8081"),
        (
            LEAST | {"VOICE_ENGINE_IMAGES": "espeak=voice:1,f5"},
            "VOICE_ENGINE_IMAGES: 'f5' names no image: write engine=image, with commas between",
        ),
    ],
)
def test_what_cannot_be_is_named_with_what_to_write(environment: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        read_settings(environment)

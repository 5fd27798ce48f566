from pathlib import Path

import pytest

from voice_server.settings import ConfigMapSource, EngineSettings, GatewaySettings, Serving, SettingsError

IN_CLUSTER = {
    "VOICE_FLAGS_CONFIGMAP": "voice-flags",
    "VOICE_NAMESPACE": "voice",
    "KUBERNETES_SERVICE_HOST": "203.0.113.1",
    "KUBERNETES_SERVICE_PORT": "6443",
}


def test_in_a_cluster_flags_come_from_the_config_map_and_its_copy() -> None:
    settings = GatewaySettings.read(IN_CLUSTER | {"VOICE_FLAGS_PATH": "/flags"})

    assert settings.flags == ConfigMapSource(
        "https://203.0.113.1:6443", "voice", "voice-flags", Path("/flags")
    )


def test_the_api_server_may_have_an_address_of_the_new_kind() -> None:
    settings = GatewaySettings.read(IN_CLUSTER | {"KUBERNETES_SERVICE_HOST": "2001:db8::1"})

    assert settings.flags == ConfigMapSource("https://[2001:db8::1]:6443", "voice", "voice-flags")


def test_without_a_cluster_flags_come_from_a_folder() -> None:
    assert GatewaySettings.read({"VOICE_FLAGS_PATH": "/flags"}).flags == Path("/flags")


def test_ports_are_those_of_the_chart_unless_named() -> None:
    assert (GatewaySettings.read(IN_CLUSTER).serving.port, EngineSettings.read({}).serving.port) == (
        8080,
        8000,
    )
    assert EngineSettings.read({"VOICE_PORT": "9000"}).serving.port == 9000


def test_a_pod_has_left_within_kubernetes_usual_grace_period() -> None:
    serving = Serving.read({}, port=1)

    assert serving.drain + serving.grace < 30


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "VOICE_FLAGS_CONFIGMAP: write"),
        ({"VOICE_FLAGS_CONFIGMAP": "voice-flags"}, "VOICE_NAMESPACE: write"),
        (IN_CLUSTER | {"KUBERNETES_SERVICE_HOST": ""}, "from a pod only; .* VOICE_FLAGS_PATH"),
        (IN_CLUSTER | {"VOICE_PORT": "0"}, "VOICE_PORT: '0' .* from 1 to 65535"),
        (IN_CLUSTER | {"VOICE_PORT": "x"}, "VOICE_PORT: 'x'"),
        (IN_CLUSTER | {"VOICE_CONCURRENCY": "-1"}, "VOICE_CONCURRENCY: '-1'"),
        (IN_CLUSTER | {"VOICE_DRAIN_SECONDS": "-1"}, "VOICE_DRAIN_SECONDS: '-1' .* seconds"),
        (IN_CLUSTER | {"VOICE_GRACE_SECONDS": "nan"}, "VOICE_GRACE_SECONDS: 'nan'"),
        (IN_CLUSTER | {"VOICE_ENGINE_TIMEOUT_SECONDS": "inf"}, "VOICE_ENGINE_TIMEOUT_SECONDS: 'inf'"),
    ],
)
def test_a_variable_that_makes_no_sense_is_named_with_what_to_write(
    environment: dict[str, str], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        GatewaySettings.read(environment)


def test_an_engine_has_time_to_load_and_a_language_unless_told_otherwise() -> None:
    usual = EngineSettings.read({})
    told = EngineSettings.read({"VOICE_WARM_UP_SECONDS": "900", "VOICE_LANGUAGE": "es"})

    assert (usual.warm_up, usual.language, usual.voices) == (300, "pt-BR", None)
    assert (told.warm_up, told.language) == (900, "es")

import json

import pytest
import yaml

from cluster.control_plane import ControlPlane
from support.chart import WAYS_TO_INSTALL, Object, environment, find, pods, render
from voice_server.settings import GatewaySettings

OWN_KINDS_OF_VOLUME = {"configMap", "secret", "emptyDir"}

every_way = pytest.mark.parametrize("way", WAYS_TO_INSTALL)


def operator(values: Object) -> Object:
    return find(render(values), "Deployment", "voice-rollout-operator")["spec"]


def gateway(values: Object) -> Object:
    return find(render(values), "Deployment", "voice-gateway")["spec"]


@every_way
def test_every_pod_is_restricted_and_cannot_write_its_root(way: str) -> None:
    for pod in pods(render(WAYS_TO_INSTALL[way])):
        spec = pod["spec"]
        security = spec["securityContext"]
        assert not spec.keys() & {"hostNetwork", "hostPID", "hostIPC", "initContainers"}
        assert security["runAsNonRoot"] is True
        assert (security["runAsUser"], security["seccompProfile"]) == (10001, {"type": "RuntimeDefault"})
        assert {
            kind for volume in spec.get("volumes", []) for kind in volume.keys() - {"name"}
        } <= OWN_KINDS_OF_VOLUME
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }


@every_way
def test_the_api_server_admits_every_pod_where_only_restricted_ones_may_run(
    way: str, api_server: ControlPlane, namespace: str
) -> None:
    api_server.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
    for pod in pods(render(WAYS_TO_INSTALL[way])):
        account = pod["spec"].get("serviceAccountName", "default")
        made = api_server.kubectl("-n", namespace, "create", "serviceaccount", account, check=False)
        assert made.returncode == 0 or "AlreadyExists" in made.stderr
        bare = pod | {"metadata": pod["metadata"] | {"namespace": namespace}}
        api_server.kubectl(
            "create", "--dry-run=server", "--validate=strict", "-f", "-", stdin=json.dumps(bare)
        )


@every_way
def test_every_container_asks_for_memory_and_is_bounded(way: str) -> None:
    for pod in pods(render(WAYS_TO_INSTALL[way])):
        for container in pod["spec"]["containers"]:
            assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
            assert "memory" in container["resources"]["limits"]


@every_way
def test_only_pods_that_ask_the_api_server_hold_a_token(way: str) -> None:
    accounts = {
        pod["metadata"]["name"]: pod["spec"].get("serviceAccountName")
        for pod in pods(render(WAYS_TO_INSTALL[way]))
        if pod["spec"].get("automountServiceAccountToken", True)
    }

    assert (
        accounts.items()
        <= {"voice-rollout-operator": "voice-rollout-operator", "voice-gateway": "voice-gateway"}.items()
    )


def test_the_operator_is_told_where_everything_is() -> None:
    assert environment(operator({})["template"]["spec"]) == {
        "POD_NAME": "metadata.name",
        "VOICE_OPERATOR_NAMESPACE": "metadata.namespace",
        "VOICE_OPERATOR_NAMESPACES": "voice",
        "VOICE_PROMETHEUS_URL": "http://prometheus-operated.monitoring.svc:9090",
        "VOICE_ENGINE_IMAGES": "espeak=localhost/voice-rollout/inference:dev",
        "VOICE_ENGINE_IMAGE_PULL_POLICY": "IfNotPresent",
    }


def test_the_operator_gets_its_namespaces_token_and_templates_when_there_are_any() -> None:
    spec = operator(WAYS_TO_INSTALL["everything"])["template"]["spec"]
    told, mounts = (
        environment(spec),
        {each["mountPath"]: each["name"] for each in spec["containers"][0]["volumeMounts"]},
    )
    volumes = {each["name"]: each for each in spec["volumes"]}

    assert told["VOICE_OPERATOR_NAMESPACES"] == "recommendations,voice"
    assert told["VOICE_PROMETHEUS_TOKEN_FILE"] == "/var/run/secrets/prometheus/token"
    assert told["VOICE_TEMPLATES_PATH"] == "/etc/voice-rollout/templates.yaml"
    assert volumes[mounts["/var/run/secrets/prometheus"]]["secret"] == {
        "secretName": "prometheus-token",
        "items": [{"key": "token", "path": "token"}],
    }
    assert volumes[mounts["/etc/voice-rollout"]]["configMap"] == {"name": "voice-rollout-templates"}


def test_the_platforms_templates_arrive_as_they_were_written() -> None:
    values = WAYS_TO_INSTALL["everything"]
    config_map = find(render(values), "ConfigMap", "voice-rollout-templates")

    assert yaml.safe_load(config_map["data"]["templates.yaml"]) == values["templates"]


def test_changed_templates_start_the_operator_anew() -> None:
    def annotations(window: str) -> Object:
        return operator({"templates": {"nps": {"window": window, "value": "nps"}}})["template"]["metadata"][
            "annotations"
        ]

    assert annotations("1h") == annotations("1h") != annotations("2h")


def test_the_gateway_watches_the_flags_and_has_a_mounted_copy() -> None:
    spec = gateway({})["template"]["spec"]
    told = environment(spec)
    mounts = {each["mountPath"]: each["name"] for each in spec["containers"][0]["volumeMounts"]}
    volumes = {each["name"]: each for each in spec["volumes"]}

    assert told == {
        "VOICE_NAMESPACE": "metadata.namespace",
        "VOICE_FLAGS_CONFIGMAP": "voice-flags",
        "VOICE_FLAGS_PATH": "/etc/voice-flags",
        "VOICE_CONCURRENCY": "64",
        "VOICE_MAX_WAIT_SECONDS": "2",
        "VOICE_ENGINE_TIMEOUT_SECONDS": "30",
        "VOICE_ANSWERS_MIB": "64",
    }
    assert volumes[mounts[told["VOICE_FLAGS_PATH"]]]["configMap"] == {"name": "voice-flags", "optional": True}


def test_a_default_rollout_is_handed_to_the_gateway() -> None:
    assert (
        environment(gateway({"gateway": {"defaultRollout": "f5-tts"}})["template"]["spec"])[
            "VOICE_DEFAULT_ROLLOUT"
        ]
        == "f5-tts"
    )


def test_a_gateways_figures_are_the_platforms_to_choose() -> None:
    chosen = {"concurrency": 8, "maxWaitSeconds": 0.5, "engineTimeoutSeconds": 120, "answersMiB": 32}
    told = environment(gateway({"gateway": chosen})["template"]["spec"])

    assert told["VOICE_CONCURRENCY"] == "8"
    assert told["VOICE_MAX_WAIT_SECONDS"] == "0.5"
    assert told["VOICE_ENGINE_TIMEOUT_SECONDS"] == "120"
    assert told["VOICE_ANSWERS_MIB"] == "32"


def test_what_a_gateway_is_told_is_what_its_program_would_choose_by_itself() -> None:
    flags = {"VOICE_FLAGS_PATH": "/etc/voice-flags", "VOICE_LOG_KEY": "same"}
    told = environment(gateway({})["template"]["spec"])
    figures = {
        name: value for name, value in told.items() if not name.startswith(("VOICE_FLAGS", "VOICE_NAME"))
    }

    assert GatewaySettings.read(flags | figures) == GatewaySettings.read(flags)


def test_the_key_of_the_logs_comes_from_a_secret_where_one_is_named() -> None:
    def keys(values: Object) -> list[Object]:
        (container,) = gateway(values)["template"]["spec"]["containers"]
        return [each for each in container["env"] if each["name"] == "VOICE_LOG_KEY"]

    secret = {"name": "voice-log-key", "key": "hmac"}

    assert keys({}) == []
    assert keys({"gateway": {"logKeySecret": secret}}) == [
        {"name": "VOICE_LOG_KEY", "valueFrom": {"secretKeyRef": secret}}
    ]


def test_a_gateways_memory_holds_all_the_answers_that_it_may() -> None:
    spec = gateway({})["template"]["spec"]
    limit = spec["containers"][0]["resources"]["limits"]["memory"]

    assert limit.endswith("Mi")
    assert int(limit.removesuffix("Mi")) >= 128 + 2 * int(environment(spec)["VOICE_ANSWERS_MIB"])


def test_the_operator_knows_a_gateway_by_its_label_and_port() -> None:
    template = gateway({})["template"]

    assert template["metadata"]["labels"]["voicerollout.dev/gateway"] == "true"
    assert template["spec"]["containers"][0]["ports"] == [{"name": "http", "containerPort": 8080}]


@pytest.mark.parametrize(
    ("name", "alive", "ready", "port"),
    [
        ("voice-rollout-operator", "/healthz", "/readyz", 8081),
        ("voice-gateway", "/health", "/readiness", 8080),
    ],
)
def test_a_program_is_asked_whether_it_lives_is_ready_and_what_it_counts(
    name: str, alive: str, ready: str, port: int
) -> None:
    template = find(render({}), "Deployment", name)["spec"]["template"]
    (container,) = template["spec"]["containers"]

    assert container["startupProbe"]["httpGet"] == {"path": alive, "port": "http"}
    assert container["livenessProbe"]["httpGet"] == {"path": alive, "port": "http"}
    assert container["readinessProbe"]["httpGet"] == {"path": ready, "port": "http"}
    assert container["ports"] == [{"name": "http", "containerPort": port}]
    assert template["metadata"]["annotations"] == {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": str(port),
        "prometheus.io/path": "/metrics",
    }


@pytest.mark.parametrize("name", ["voice-rollout-operator", "voice-gateway"])
def test_a_new_version_comes_before_the_old_one_goes(name: str) -> None:
    spec = find(render({}), "Deployment", name)["spec"]
    pod = spec["template"]["spec"]
    (spread,) = pod["topologySpreadConstraints"]
    budget = find(render({}), "PodDisruptionBudget", name)["spec"]

    assert spec["replicas"] >= 2
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert pod["terminationGracePeriodSeconds"] == 30
    assert budget["maxUnavailable"] == 1
    labels = spec["template"]["metadata"]["labels"]
    for selector in (spread["labelSelector"], budget["selector"], spec["selector"]):
        assert selector["matchLabels"].items() <= labels.items()


def test_the_service_leads_to_the_gateways_and_to_nothing_else() -> None:
    objects = render({})
    service = find(objects, "Service", "voice-gateway")["spec"]
    chosen = [
        pod["metadata"]["name"]
        for pod in pods(objects)
        if service["selector"].items() <= pod["metadata"]["labels"].items()
    ]

    assert service["ports"] == [{"name": "http", "port": 80, "targetPort": "http"}]
    assert chosen == ["voice-gateway"]


def test_where_pods_run_and_what_pulls_their_images_is_the_platforms_choice() -> None:
    values = WAYS_TO_INSTALL["everything"]
    specs = [pod["spec"] for pod in pods(render(values))]

    assert [each["imagePullSecrets"] for each in specs] == [[{"name": "pull"}]] * 3
    assert gateway(values)["template"]["spec"]["nodeSelector"] == {"pool": "cpu"}
    assert operator(values)["template"]["spec"]["tolerations"] == [{"operator": "Exists"}]


def test_the_operator_is_told_the_image_of_every_engine_that_has_one() -> None:
    images = {"engines": {"f5": "registry.example/voice-f5:1", "google": ""}}
    told = environment(operator({"images": images})["template"]["spec"])

    assert told["VOICE_ENGINE_IMAGES"] == (
        "espeak=localhost/voice-rollout/inference:dev,f5=registry.example/voice-f5:1"
    )

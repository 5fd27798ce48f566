from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.rollouts import Manifest, a_rollout
from voice_rollout.api.workload import Workload
from voice_rollout.resources.workload import EngineImages, is_ours, objects

IMAGES = EngineImages({"espeak": "registry.example/voice:1"}, "Always")
WEIGHTS = {"claim": "f5-weights", "mountPath": "/models"}
VOICES = {"claim": "voices", "mountPath": "/voices"}
GPU = {"product": "NVIDIA-GeForce-GTX-1050-Ti", "count": 1}


def made(side: str = "candidate", replicas: int = 2, **fields: Any) -> tuple[Manifest, Manifest, Manifest]:
    """Deployment, Service and PodDisruptionBudget of an espeak workload with these fields too."""
    workload = Workload.model_validate({"engine": "espeak"} | fields)
    return objects(a_rollout(), side, workload, replicas, IMAGES)


def pod(**fields: Any) -> Manifest:
    deployment, _, _ = made(**fields)
    spec: Manifest = deployment["spec"]["template"]["spec"]
    return spec


def container(**fields: Any) -> Manifest:
    (found,) = pod(**fields)["containers"]
    return dict(found)


def env(**fields: Any) -> dict[str, Any]:
    """What each variable is, every name once."""
    listed = container(**fields)["env"]
    assert len({each["name"] for each in listed}) == len(listed)
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in listed}


# The restricted Pod Security Standard, whatever a tenant writes

texts = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8)
workloads = st.fixed_dictionaries(
    {},
    optional={
        "engine": st.just("espeak"),
        "image": texts,
        "args": st.lists(texts, max_size=3),
        "env": st.dictionaries(texts, texts, max_size=3),
        "secretEnv": st.dictionaries(texts, st.just({"secret": "hf", "key": "token"}), max_size=3),
        "port": st.integers(1024, 65535),
        "gpu": st.just(GPU),
        "model": st.just(WEIGHTS),
        "voices": st.just(VOICES),
        "resources": st.just({"limits": {"memory": "4Gi"}}),
    },
)


@given(workloads)
def test_every_pod_passes_the_restricted_standard(workload: Manifest) -> None:
    spec = pod(**workload)
    (only,) = spec["containers"]

    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] == spec["securityContext"]["runAsGroup"] == 10001
    assert spec["securityContext"]["fsGroup"] == 10001
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert only["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {kind for volume in spec["volumes"] for kind in volume} <= {
        "name",
        "emptyDir",
        "persistentVolumeClaim",
    }
    assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers", "ephemeralContainers"} & spec.keys()
    assert not any("hostPort" in port for port in only["ports"])


@given(workloads)
def test_no_pod_holds_a_credential_of_the_cluster(workload: Manifest) -> None:
    spec = pod(**workload)

    assert spec["automountServiceAccountToken"] is False
    assert "serviceAccountName" not in spec
    assert spec["enableServiceLinks"] is False


def test_the_only_place_to_write_is_tmp() -> None:
    mounts = {
        mount["mountPath"]: mount.get("readOnly", False) for mount in container(model=WEIGHTS)["volumeMounts"]
    }

    assert mounts == {"/tmp": False, "/models": True}


def test_the_model_is_mounted_read_only() -> None:
    (claim,) = (
        each["persistentVolumeClaim"] for each in pod(model=WEIGHTS)["volumes"] if each["name"] == "model"
    )

    assert claim == {"claimName": "f5-weights", "readOnly": True}


# Voices that can be added


def test_voices_are_kept_on_a_volume_that_pods_can_write() -> None:
    spec = pod(model=WEIGHTS, voices=VOICES)
    (only,) = spec["containers"]
    mounts = {mount["mountPath"]: mount.get("readOnly", False) for mount in only["volumeMounts"]}

    assert mounts == {"/tmp": False, "/models": True, "/voices": False}
    assert {each["name"]: each.get("persistentVolumeClaim") for each in spec["volumes"]} == {
        "tmp": None,
        "model": {"claimName": "f5-weights", "readOnly": True},
        "voices": {"claimName": "voices"},
    }
    assert {each["name"] for each in only["volumeMounts"]} == {each["name"] for each in spec["volumes"]}


def test_an_engine_is_told_where_its_voices_lie() -> None:
    assert env(voices={"claim": "voices"})["VOICE_VOICES_PATH"] == "/voices"
    assert env(voices=VOICES | {"mountPath": "/ours"})["VOICE_VOICES_PATH"] == "/ours"
    assert env(voices=VOICES, env={"VOICE_VOICES_PATH": "/models"})["VOICE_VOICES_PATH"] == "/voices"


def test_without_a_volume_of_voices_their_folder_is_the_tenants_to_name() -> None:
    assert "VOICE_VOICES_PATH" not in env(model=WEIGHTS)
    assert (
        env(model=WEIGHTS, env={"VOICE_VOICES_PATH": "/models/ours"})["VOICE_VOICES_PATH"] == "/models/ours"
    )


def test_a_volume_of_voices_gets_the_pods_group_once_and_no_other_pod_changes() -> None:
    without, having = pod(model=WEIGHTS)["securityContext"], pod(voices=VOICES)["securityContext"]

    assert "fsGroupChangePolicy" not in without
    assert having == without | {"fsGroupChangePolicy": "OnRootMismatch"}


# GPUs


def test_a_gpu_pod_goes_to_its_card_and_claims_it() -> None:
    deployment, _, _ = made(gpu=GPU | {"count": 2}, resources={"requests": {"memory": "3Gi"}})
    spec = deployment["spec"]["template"]["spec"]

    assert spec["nodeSelector"] == {"nvidia.com/gpu.product": "NVIDIA-GeForce-GTX-1050-Ti"}
    assert spec["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    assert spec["containers"][0]["resources"] == {
        "requests": {"memory": "3Gi", "nvidia.com/gpu": "2"},
        "limits": {"nvidia.com/gpu": "2"},
    }


def test_a_gpu_rollout_needs_no_card_to_spare() -> None:
    with_gpu, without = made(gpu=GPU)[0], made()[0]

    assert with_gpu["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}
    assert without["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


def test_a_pod_without_a_gpu_may_run_anywhere() -> None:
    assert not {"nodeSelector", "tolerations"} & pod().keys()
    assert container()["resources"] == {}


# Who a pod is


def test_an_engine_is_told_what_it_is() -> None:
    assert env(model=WEIGHTS, env={"ESPEAK_VOICE": "pt-br"}, port=9000) == {
        "ESPEAK_VOICE": "pt-br",
        "VOICE_ENGINE": "espeak",
        "VOICE_MODEL_PATH": "/models",
        "VOICE_PORT": "9000",
        "VOICE_ROLLOUT": "f5-tts",
        "VOICE_VARIANT": "candidate",
    }


@pytest.mark.parametrize(
    "name", ["VOICE_ROLLOUT", "VOICE_VARIANT", "VOICE_PORT", "VOICE_ENGINE", "VOICE_MODEL_PATH"]
)
def test_a_tenant_cannot_give_a_pod_another_identity(name: str) -> None:
    honest = env(model=WEIGHTS)

    assert env(model=WEIGHTS, env={name: "stable"}) == honest
    assert env(model=WEIGHTS, secretEnv={name: {"secret": "hf", "key": "token"}}) == honest


def test_a_secret_is_named_and_never_copied() -> None:
    secret = {"HF_TOKEN": {"secret": "hf", "key": "token"}}

    assert env(secretEnv=secret)["HF_TOKEN"] == {"secretKeyRef": {"name": "hf", "key": "token"}}


@pytest.mark.parametrize("side", ["stable", "candidate"])
def test_everything_of_a_variant_finds_its_pods_by_the_same_labels(side: str) -> None:
    deployment, service, budget = made(side)
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    selector = {"voicerollout.dev/rollout": "f5-tts", "voicerollout.dev/variant": side}

    assert labels == {"app.kubernetes.io/managed-by": "voice-rollout", **selector}
    assert deployment["spec"]["selector"]["matchLabels"] == selector
    assert service["spec"]["selector"] == selector
    assert budget["spec"]["selector"]["matchLabels"] == selector
    assert {each["metadata"]["name"] for each in (deployment, service, budget)} == {f"f5-tts-{side}"}
    assert {each["metadata"]["namespace"] for each in (deployment, service, budget)} == {"voice"}
    assert not any("ownerReferences" in each["metadata"] for each in (deployment, service, budget))


def test_prometheus_finds_a_pod_by_its_annotation_and_port() -> None:
    deployment, service, _ = made(port=9000)
    template = deployment["spec"]["template"]

    assert template["metadata"]["annotations"] == {"prometheus.io/scrape": "true"}
    assert template["spec"]["containers"][0]["ports"] == [
        {"name": "http", "containerPort": 9000, "protocol": "TCP"}
    ]
    assert service["spec"]["ports"] == [
        {"name": "http", "port": 9000, "targetPort": "http", "protocol": "TCP"}
    ]


# Our engines, and other people's servers


def test_our_engine_runs_the_image_that_the_chart_names() -> None:
    ours = container()

    assert (ours["image"], ours["imagePullPolicy"]) == ("registry.example/voice:1", "Always")
    assert container(image="registry.example/mine:2")["image"] == "registry.example/mine:2"
    assert container(args=["--verbose"])["args"] == ["engine", "--verbose"]


def test_our_engine_is_asked_whether_it_can_take_work_and_whether_it_lives() -> None:
    ours = container()

    assert ours["readinessProbe"]["httpGet"] == {"path": "/readiness", "port": "http"}
    assert ours["livenessProbe"]["httpGet"] == {"path": "/health", "port": "http"}
    assert ours["lifecycle"] == {"preStop": {"sleep": {"seconds": 3}}}


def test_of_another_server_only_its_port_is_known() -> None:
    other = container(engine=None, image="registry.example/any:1", args=["serve"])

    assert other["args"] == ["serve"]
    assert other["readinessProbe"]["tcpSocket"] == {"port": "http"}
    assert not {"livenessProbe", "lifecycle", "imagePullPolicy"} & other.keys()
    assert "VOICE_ENGINE" not in env(engine=None, image="registry.example/any:1")


def test_a_pod_has_time_to_finish_what_it_accepted() -> None:
    assert pod()["terminationGracePeriodSeconds"] == 60


# Whose it is


@pytest.mark.parametrize(
    ("labels", "ours"),
    [
        ({"app.kubernetes.io/managed-by": "voice-rollout", "voicerollout.dev/rollout": "f5-tts"}, True),
        ({"app.kubernetes.io/managed-by": "voice-rollout", "voicerollout.dev/rollout": "other"}, False),
        ({"app.kubernetes.io/managed-by": "Helm", "voicerollout.dev/rollout": "f5-tts"}, False),
        ({}, False),
        (None, False),
    ],
)
def test_an_object_is_ours_by_both_labels(labels: Any, *, ours: bool) -> None:
    assert is_ours({"metadata": {"labels": labels}}, a_rollout()) == ours

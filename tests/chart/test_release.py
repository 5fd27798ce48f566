"""What Helm does with the chart on a real API server; no pod runs there."""

import json
import subprocess
from collections.abc import Callable

import pytest

from cluster.control_plane import ControlPlane
from support.chart import CHART, helm

Helm = Callable[..., subprocess.CompletedProcess[str]]

OBJECTS = (
    "deployments,services,serviceaccounts,roles,rolebindings,configmaps,poddisruptionbudgets,networkpolicies"
)


@pytest.fixture
def release(api_server: ControlPlane, namespace: str) -> Helm:
    """helm in a namespace of its own, which asserts that it went well."""

    def run(*words: str, values: dict[str, object] | None = None) -> subprocess.CompletedProcess[str]:
        done = helm(*words, f"--kubeconfig={api_server.kubeconfig}", "-n", namespace, values=values)
        assert done.returncode == 0, done.stderr
        return done

    return run


@pytest.fixture
def names(api_server: ControlPlane, namespace: str) -> Callable[[], set[str]]:
    """What stands in the namespace now, less what Kubernetes puts into each."""

    def listed() -> set[str]:
        found = api_server.kubectl("-n", namespace, "get", OBJECTS, "-o", "name").stdout.split()
        return set(found) - {"serviceaccount/default", "configmap/kube-root-ca.crt"}

    return listed


def install(release: Helm, **values: object) -> str:
    return release("install", "voice-rollout", str(CHART), values=dict(values)).stdout


def test_an_installation_says_what_to_do_next(release: Helm, namespace: str) -> None:
    notes = install(release)

    assert f"looks after the rollouts in: {namespace}" in notes
    assert f"helm -n {namespace} test voice-rollout" in notes
    assert "helm show crds CHART | kubectl apply --server-side -f -" in notes
    assert "gateway.defaultRollout is empty" in notes


def test_an_upgrade_changes_what_was_asked_for(
    release: Helm, api_server: ControlPlane, namespace: str
) -> None:
    install(release)
    release(
        "upgrade",
        "voice-rollout",
        str(CHART),
        values={"gateway": {"replicas": 5, "defaultRollout": "f5-tts"}},
    )
    found = api_server.kubectl("-n", namespace, "get", "deployment", "voice-gateway", "-o", "json").stdout

    assert json.loads(found)["spec"]["replicas"] == 5
    assert "VOICE_DEFAULT_ROLLOUT" in found


def test_an_upgrade_takes_away_what_is_no_longer_asked_for(
    release: Helm, names: Callable[[], set[str]]
) -> None:
    install(release, networkPolicy={"enabled": True}, templates={"nps": {"window": "1h", "value": "nps"}})
    before = names()
    release("upgrade", "voice-rollout", str(CHART), "--reset-values", values={})
    removed = {name.partition("/")[2] for name in before - names()}

    assert removed == {"voice-rollout-operator", "voice-rollout-engines", "voice-rollout-templates"}


def test_removing_the_release_leaves_the_flags_and_nothing_of_its_own(
    release: Helm, api_server: ControlPlane, namespace: str, names: Callable[[], set[str]]
) -> None:
    install(release)
    api_server.kubectl("-n", namespace, "create", "configmap", "voice-flags")
    release("uninstall", "voice-rollout", "--wait")

    assert names() == {"configmap/voice-flags"}


def test_one_namespace_cannot_have_two_operators(
    release: Helm, api_server: ControlPlane, namespace: str
) -> None:
    install(release)
    second = helm("install", "second", str(CHART), f"--kubeconfig={api_server.kubeconfig}", "-n", namespace)

    assert second.returncode != 0
    assert "exists and cannot be imported into the current release" in second.stderr


@pytest.mark.parametrize(
    ("account", "may", "may_not"),
    [
        (
            "voice-gateway",
            ["watch configmap/voice-flags", "get configmap/voice-flags"],
            [
                "get configmap/other",
                "list configmaps",
                "patch configmap/voice-flags",
                "get pods",
                "get secrets",
            ],
        ),
        (
            "voice-rollout-operator",
            [
                "patch deployments.apps",
                "get lease/voice-rollout-operator",
                "list pods",
                "create events.events.k8s.io",
            ],
            [
                "get secrets",
                "delete deployments.apps",
                "get lease/other",
                "create pods",
                "get nodes",
                "list namespaces",
            ],
        ),
    ],
)
def test_the_api_server_agrees_on_what_a_program_may_do(
    release: Helm, api_server: ControlPlane, namespace: str, account: str, may: list[str], may_not: list[str]
) -> None:
    def allowed(question: str) -> bool:
        identity = f"--as=system:serviceaccount:{namespace}:{account}"
        asked = ("auth", "can-i", *question.split(), "-n", namespace, identity)
        return api_server.kubectl(*asked, check=False).stdout.strip() == "yes"

    install(release)

    assert {question: allowed(question) for question in may} == dict.fromkeys(may, True)
    assert {question: allowed(question) for question in may_not} == dict.fromkeys(may_not, False)

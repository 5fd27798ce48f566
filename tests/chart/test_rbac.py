import pytest

from support.chart import WAYS_TO_INSTALL, Object, find, render

# All that the operator may do in a namespace it looks after: group, resource, verbs.
OPERATOR = {
    ("voicerollout.dev", "voicerollouts"): "list watch",
    ("voicerollout.dev", "voicerollouts/status"): "update",
    ("apps", "deployments"): "create get list patch watch",
    ("", "configmaps"): "create get list patch watch",
    ("", "services"): "create get list patch",
    ("policy", "poddisruptionbudgets"): "create get list patch",
    ("", "pods"): "list watch",
    ("events.k8s.io", "events"): "create",
}
LEASE = {
    ("coordination.k8s.io", "leases"): "create",
    ("coordination.k8s.io", "leases", "voice-rollout-operator"): "get update",
}
GATEWAY = {("", "configmaps", "voice-flags"): "get list watch"}

Rights = dict[tuple[str, ...], str]


def rights(role: Object) -> Rights:
    """Group, resource and, where it is restricted, name: the verbs."""
    table: Rights = {}
    for rule in role["rules"]:
        assert set(rule) <= {"apiGroups", "resources", "resourceNames", "verbs"}
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                for name in rule.get("resourceNames", [""]):
                    what = (group, resource, name) if name else (group, resource)
                    assert what not in table
                    table[what] = " ".join(sorted(rule["verbs"]))
    return table


def granted(objects: list[Object]) -> dict[tuple[str, str], tuple[str, str, Rights]]:
    """By namespace and role: the namespace and name of the account that holds it, and what it may do."""
    table = {}
    for binding in (each for each in objects if each["kind"] == "RoleBinding"):
        (account,) = binding["subjects"]
        namespace, name = binding["metadata"]["namespace"], binding["roleRef"]["name"]
        assert binding["roleRef"]["kind"] == "Role"
        holds = rights(find(objects, "Role", name, namespace))
        table[namespace, name] = (account["namespace"], account["name"], holds)
    return table


def test_each_program_may_do_this_and_nothing_more() -> None:
    operator, gateway = ("voice", "voice-rollout-operator"), ("voice", "voice-gateway")

    assert granted(render({})) == {
        ("voice", "voice-rollout-operator"): (*operator, OPERATOR),
        ("voice", "voice-rollout-operator-lease"): (*operator, LEASE),
        ("voice", "voice-gateway"): (*gateway, GATEWAY),
    }


def test_each_namespace_named_gets_a_role_of_its_own_and_no_other_does() -> None:
    table = granted(render({"operator": {"namespaces": ["recommendations", "speech"]}}))
    watched = {
        namespace: holds for (namespace, role), holds in table.items() if role == "voice-rollout-operator"
    }

    assert watched == dict.fromkeys(
        ["recommendations", "speech"], ("voice", "voice-rollout-operator", OPERATOR)
    )


def test_the_gateway_alone_brings_no_rights_of_the_operator() -> None:
    assert set(granted(render({"operator": {"enabled": False}}))) == {("voice", "voice-gateway")}


def test_the_gateway_reads_the_config_map_it_is_told_to() -> None:
    objects = render({"gateway": {"flagsConfigMap": "other-flags"}})

    assert rights(find(objects, "Role", "voice-gateway")) == {
        ("", "configmaps", "other-flags"): "get list watch"
    }


@pytest.mark.parametrize("way", WAYS_TO_INSTALL)
def test_no_object_reaches_beyond_its_namespace(way: str) -> None:
    objects = render(WAYS_TO_INSTALL[way])

    assert not {each["kind"] for each in objects} & {"ClusterRole", "ClusterRoleBinding", "Namespace"}
    assert all(each["metadata"].get("namespace") for each in objects)

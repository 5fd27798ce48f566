from support.chart import Object, find, identity, render

PROMETHEUS = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
GATEWAY = {"matchLabels": {"voicerollout.dev/gateway": "true"}}
METRICS = [{"port": "http", "protocol": "TCP"}]
ON = {"networkPolicy": {"enabled": True}, "operator": {"namespaces": ["speech", "voice"]}}


def policies(values: Object) -> dict[tuple[str, str], Object]:
    return {identity(each)[1:]: each["spec"] for each in render(values) if each["kind"] == "NetworkPolicy"}


def test_there_are_none_unless_asked_for() -> None:
    assert policies({}) == {}


def test_engines_answer_gateways_and_readers_of_metrics_only() -> None:
    wanted = {
        "podSelector": {"matchLabels": {"app.kubernetes.io/managed-by": "voice-rollout"}},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [{"podSelector": GATEWAY}, PROMETHEUS], "ports": METRICS}],
    }

    assert policies(ON)["voice", "voice-rollout-engines"] == wanted
    assert policies(ON)["speech", "voice-rollout-engines"] == wanted


def test_the_operator_is_read_by_prometheus_and_reaches_what_it_needs_only() -> None:
    policy = policies(ON)["voice", "voice-rollout-operator"]
    dns, servers, gateways = policy["egress"]

    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert policy["ingress"] == [{"from": [PROMETHEUS], "ports": METRICS}]
    assert {(each["port"], each["protocol"]) for each in dns["ports"]} == {(53, "UDP"), (53, "TCP")}
    assert {each["port"] for each in servers["ports"]} == {443, 6443, 9090}
    assert gateways["to"] == [
        {
            "namespaceSelector": {
                "matchExpressions": [
                    {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["speech", "voice"]}
                ]
            },
            "podSelector": GATEWAY,
        }
    ]
    assert gateways["ports"] == METRICS


def test_pod_monitors_find_programs_and_engines_and_keep_prometheus_labels() -> None:
    values = {"podMonitor": {"enabled": True, "interval": "5s", "labels": {"release": "kps"}}, **ON}
    programs = find(render(values), "PodMonitor", "voice-rollout")
    engines = find(render(values), "PodMonitor", "voice-rollout-engines")
    endpoint = {"port": "http", "path": "/metrics", "interval": "5s", "honorLabels": False}

    assert programs["metadata"]["labels"]["release"] == engines["metadata"]["labels"]["release"] == "kps"
    assert programs["spec"]["podMetricsEndpoints"] == engines["spec"]["podMetricsEndpoints"] == [endpoint]
    assert engines["spec"]["namespaceSelector"] == {"matchNames": ["speech", "voice"]}

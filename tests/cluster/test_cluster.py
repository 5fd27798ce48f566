"""What the local cluster promises to whoever puts pods on it."""

import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from signal import SIGKILL
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import urlopen

import pytest

from cluster.cluster import Cluster
from cluster.images import Image
from cluster.progress import wait_for

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

SERVE = ["-m", "http.server", "8000", "--directory", "/tmp"]
WAIT = ["-c", "import signal; print('waiting', flush=True); signal.pause()"]
JSON = dict[str, Any]


@pytest.fixture
def pods(cluster: Cluster, cluster_namespace: str, images: list[Image]) -> "Pods":
    inference = next(image for image in images if image.part == "inference")
    return Pods(cluster, cluster_namespace, inference.name)


class Pods:
    """Pods of the restricted standard that run Python, in one namespace."""

    def __init__(self, cluster: Cluster, namespace: str, image: str) -> None:
        self.cluster, self.namespace, self.image = cluster, namespace, image

    def pod(self, name: str, arguments: list[str], **container: Any) -> JSON:
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "labels": {"app": name}, "annotations": {}},
            "spec": {
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": 10001,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "terminationGracePeriodSeconds": 0,
                "containers": [
                    {
                        "name": "python",
                        "image": self.image,
                        "imagePullPolicy": "Never",
                        "command": ["python3", *arguments],
                        "securityContext": {
                            "allowPrivilegeEscalation": False,
                            "readOnlyRootFilesystem": True,
                            "capabilities": {"drop": ["ALL"]},
                        },
                    }
                    | container
                ],
            },
        }

    def create(self, *objects: JSON) -> None:
        listed = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        self.kubectl("create", "--filename=-", stdin=json.dumps(listed))

    def wait_ready(self, *names: str) -> None:
        pods = [f"pod/{name}" for name in names]
        self.kubectl("wait", "--for=condition=Ready", "--timeout=180s", *pods)

    def python(self, pod: str, code: str) -> str:
        return self.kubectl("exec", pod, "--", "python3", "-c", code)

    def ask(self, pod: str, url: str) -> str:
        """The status that a server answers the pod with, once it answers: a pod is ready before its Python listens."""
        code = f"""
import time, urllib.request
end = time.monotonic() + 180
while True:
    try:
        print(urllib.request.urlopen({url!r}, timeout=5).status)
        break
    except OSError:
        if time.monotonic() > end:
            raise
        time.sleep(0.1)
"""
        return self.python(pod, code).strip()

    def kubectl(self, *words: str, stdin: str | None = None) -> str:
        return self.cluster.kubectl(f"--namespace={self.namespace}", *words, stdin=stdin).stdout


def service(name: str) -> JSON:
    ports = [{"port": 80, "targetPort": 8000}]
    spec = {"selector": {"app": name}, "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def test_a_pod_reaches_a_service_by_its_name(pods: Pods) -> None:
    pods.create(pods.pod("server", SERVE), service("server"), pods.pod("caller", WAIT))
    pods.wait_ready("server", "caller")
    url = f"http://server.{pods.namespace}.svc.cluster.local/"

    assert pods.ask("caller", url) == "200"


def test_a_pod_reaches_itself_through_its_service(pods: Pods) -> None:
    pods.create(pods.pod("server", SERVE), service("server"))
    pods.wait_ready("server")
    address = pods.kubectl("get", "service", "server", "--output=jsonpath={.spec.clusterIP}")

    assert pods.ask("server", f"http://{address}/") == "200"


def test_what_a_pod_prints_is_in_its_log(pods: Pods) -> None:
    pods.create(pods.pod("talker", WAIT))
    pods.wait_ready("talker")
    wait_for("the log line", lambda: pods.kubectl("logs", "talker") == "waiting\n", seconds=180)


def test_a_pod_speaks_to_the_api_as_its_service_account(pods: Pods) -> None:
    pods.create(pods.pod("client", WAIT))
    pods.wait_ready("client")
    who = pods.python(
        "client",
        """
import json, ssl, urllib.request
place = '/var/run/secrets/kubernetes.io/serviceaccount'
review = {'apiVersion': 'authentication.k8s.io/v1', 'kind': 'SelfSubjectReview'}
request = urllib.request.Request(
    'https://kubernetes.default.svc/apis/authentication.k8s.io/v1/selfsubjectreviews',
    data=json.dumps(review).encode(),
    headers={'Authorization': 'Bearer ' + open(f'{place}/token').read(), 'Content-Type': 'application/json'},
)
answer = urllib.request.urlopen(request, context=ssl.create_default_context(cafile=f'{place}/ca.crt'))
print(json.load(answer)['status']['userInfo']['username'])
""",
    )
    assert who.strip() == f"system:serviceaccount:{pods.namespace}:default"


@pytest.mark.usefixtures("inside_cluster")
def test_the_kubelet_lets_nobody_in_without_a_certificate(cluster: Cluster) -> None:
    trusting = ssl.create_default_context(cafile=cluster.authority.crt("ca"))
    with pytest.raises(HTTPError, match="401"):
        urlopen("https://198.51.100.1:10250/pods", context=trusting)


def on_a_gpu(pods: Pods, name: str, count: int) -> JSON:
    pod = pods.pod(name, WAIT, resources={"limits": {"nvidia.com/gpu": str(count)}})
    pod["spec"]["nodeSelector"] = {"nvidia.com/gpu.product": "NVIDIA-GeForce-GTX-1050-Ti"}
    return pod


def test_gpus_are_counted_and_not_one_more_is_given_out(pods: Pods) -> None:
    pods.create(on_a_gpu(pods, "all-four", 4), on_a_gpu(pods, "one-more", 1))
    pods.wait_ready("all-four")
    why = "jsonpath={.status.conditions[?(@.type=='PodScheduled')].message}"

    def is_refused() -> bool:
        return "Insufficient nvidia.com/gpu" in pods.kubectl("get", "pod", "one-more", f"--output={why}")

    wait_for("the fifth GPU to be refused", is_refused, seconds=180)


def test_the_gpus_are_still_there_after_the_kubelet_crashed(cluster: Cluster) -> None:
    cluster.restart("kubelet", signal=SIGKILL)
    gpus = "--output=jsonpath={.status.allocatable.nvidia\\.com/gpu}"
    assert cluster.kubectl("get", "node", "node1", gpus).stdout == "4"


def test_a_pod_outside_the_restricted_standard_is_refused(pods: Pods) -> None:
    pod = pods.pod("root", WAIT)
    pod["spec"]["securityContext"] = {}
    with pytest.raises(RuntimeError, match='violates PodSecurity "restricted:latest"'):
        pods.create(pod)


@pytest.fixture
def volume(cluster: Cluster, tmp_path: Path) -> Iterator[str]:
    """A hand-made volume on a folder of this machine that the pods' user may write to."""
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "model.safetensors").write_text("weights")
    for path in (folder, folder / "model.safetensors"):
        path.chmod(0o777)
    name = f"volume-{tmp_path.name.replace('_', '-')[:40]}"
    spec = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": name,
        "hostPath": {"path": str(folder), "type": "Directory"},
    }
    body = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": spec}
    cluster.kubectl("create", "--filename=-", stdin=json.dumps(body))
    yield name
    cluster.kubectl("delete", "persistentvolume", name, "--wait=false")


def test_a_restricted_pod_reads_and_writes_a_claimed_volume(pods: Pods, volume: str, tmp_path: Path) -> None:
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "weights"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": volume,
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    pod = pods.pod("reader", WAIT, volumeMounts=[{"name": "weights", "mountPath": "/models"}])
    pod["spec"]["volumes"] = [{"name": "weights", "persistentVolumeClaim": {"claimName": "weights"}}]
    pods.create(claim, pod)
    pods.wait_ready("reader")
    code = "open('/models/copy', 'w').write(open('/models/model.safetensors').read())"
    pods.python("reader", code)
    assert (tmp_path / "weights/copy").read_text() == "weights"


@pytest.mark.usefixtures("inside_cluster")
def test_prometheus_scrapes_a_pod_that_asks_for_it(pods: Pods) -> None:
    port = {"name": "http", "containerPort": 8000}
    serve_metrics = """
import http.server
class Metrics(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'answer 42\\n')
http.server.HTTPServer(('', 8000), Metrics).serve_forever()
"""
    pod = pods.pod("measured", ["-c", serve_metrics], ports=[port])
    pod["metadata"]["annotations"]["prometheus.io/scrape"] = "true"
    pods.create(pod)
    question = quote(f'answer{{namespace="{pods.namespace}",pod="measured"}}')

    def answers() -> list[str]:
        with urlopen(f"http://198.51.100.1:9090/api/v1/query?query={question}", timeout=30) as answer:
            return [series["value"][1] for series in json.load(answer)["data"]["result"]]

    wait_for("the scraped value", lambda: answers() == ["42"], seconds=180)

import ssl
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from kubernetes.aio import client

from cluster.control_plane import ControlPlane, free_endpoints
from cluster.processes import birth


async def test_objects_written_through_the_api_are_read_back(api: client.ApiClient, namespace: str) -> None:
    core = client.CoreV1Api(api)
    flags = client.V1ConfigMap(metadata=client.V1ObjectMeta(name="flags"), data={"a": "1"})
    await core.create_namespaced_config_map(namespace, flags)
    stored = await core.read_namespaced_config_map("flags", namespace)
    assert stored.data == {"a": "1"}


def test_the_api_server_answers_again_after_it_was_killed(api_server: ControlPlane, namespace: str) -> None:
    before = api_server.pid("kube-apiserver")
    api_server.restart("kube-apiserver", signal=SIGKILL)
    assert api_server.pid("kube-apiserver") not in {None, before}
    assert api_server.kubectl("get", "namespace", namespace).returncode == 0


def test_a_frozen_api_server_answers_nobody_until_it_is_thawed(api_server: ControlPlane) -> None:
    api_server.signal("kube-apiserver", SIGSTOP)
    try:
        frozen = api_server.kubectl("get", "namespaces", "--request-timeout=1s", check=False)
    finally:
        api_server.signal("kube-apiserver", SIGCONT)
    assert frozen.returncode != 0
    api_server.wait_ready()


def test_starting_what_runs_changes_nothing(api_server: ControlPlane) -> None:
    before = api_server.pid("etcd")
    api_server.start("etcd")
    assert api_server.pid("etcd") == before


def test_nobody_without_a_certificate_is_let_in(api_server: ControlPlane) -> None:
    trusting = ssl.create_default_context(cafile=api_server.authority.crt("ca"))
    with pytest.raises(HTTPError, match="401"):
        urlopen(f"{api_server.endpoints.api_url}/api", context=trusting)


def test_going_down_leaves_no_file_and_no_process(tmp_path: Path) -> None:
    other = ControlPlane(tmp_path / "other", free_endpoints())
    try:
        other.up()
        pids = [other.pid(name) for name in other.components]
    finally:
        other.down()
    assert None not in pids
    assert [birth(pid) for pid in pids if pid] == ["", ""]
    assert not other.folder.exists()

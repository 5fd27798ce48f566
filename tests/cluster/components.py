"""The command line of each part of a cluster, by name, in the order in which they start."""

import sys
from dataclasses import dataclass
from pathlib import Path

from cluster.network import NODE_IP, SERVICES
from cluster.node import GPU_LABEL, NODE_NAME
from cluster.pki import Authority
from cluster.programs import program

Commands = dict[str, list[str]]


@dataclass(frozen=True)
class Endpoints:
    """Where the API server and its etcd answer."""

    address: str = "127.0.0.1"
    api: int = 6443
    etcd: int = 2379
    peers: int = 2380

    @property
    def api_url(self) -> str:
        return f"https://{self.address}:{self.api}"

    @property
    def etcd_url(self) -> str:
        return f"http://127.0.0.1:{self.etcd}"

    @property
    def peers_url(self) -> str:
        return f"http://127.0.0.1:{self.peers}"


def control_plane(folder: Path, authority: Authority, at: Endpoints) -> Commands:
    """etcd and the API server."""
    kubelet_client = "kube-apiserver-kubelet-client"
    return {
        "etcd": [
            str(program("etcd")),
            f"--data-dir={folder}/etcd",
            f"--listen-client-urls={at.etcd_url}",
            f"--advertise-client-urls={at.etcd_url}",
            f"--listen-peer-urls={at.peers_url}",
            f"--initial-advertise-peer-urls={at.peers_url}",
            f"--initial-cluster=default={at.peers_url}",
            "--unsafe-no-fsync",
            "--log-level=warn",
        ],
        "kube-apiserver": [
            str(program("kube-apiserver")),
            f"--etcd-servers={at.etcd_url}",
            f"--bind-address={'127.0.0.1' if at.address == '127.0.0.1' else '0.0.0.0'}",
            f"--advertise-address={at.address}",
            f"--secure-port={at.api}",
            f"--service-cluster-ip-range={SERVICES}",
            "--anonymous-auth=false",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            f"--client-ca-file={authority.crt('ca')}",
            f"--tls-cert-file={authority.crt('kube-apiserver')}",
            f"--tls-private-key-file={authority.key('kube-apiserver')}",
            f"--kubelet-certificate-authority={authority.crt('ca')}",
            f"--kubelet-client-certificate={authority.crt(kubelet_client)}",
            f"--kubelet-client-key={authority.key(kubelet_client)}",
            "--kubelet-preferred-address-types=InternalIP",
            f"--service-account-key-file={authority.crt('service-accounts')}",
            f"--service-account-signing-key-file={authority.key('service-accounts')}",
            "--service-account-issuer=https://kubernetes.default.svc",
        ],
    }


def controllers(folder: Path, authority: Authority) -> Commands:
    """The controller-manager and the scheduler."""
    return {
        "kube-controller-manager": [
            str(program("kube-controller-manager")),
            f"--kubeconfig={folder}/kube-controller-manager.kubeconfig",
            f"--service-account-private-key-file={authority.key('service-accounts')}",
            f"--root-ca-file={authority.crt('ca')}",
            "--use-service-account-credentials",
            "--leader-elect=false",
            f"--cert-dir={folder}/kube-controller-manager",
            f"--flex-volume-plugin-dir={folder}/volume-plugins",
        ],
        "kube-scheduler": [
            str(program("kube-scheduler")),
            f"--kubeconfig={folder}/kube-scheduler.kubeconfig",
            "--leader-elect=false",
            f"--cert-dir={folder}/kube-scheduler",
        ],
    }


def node(folder: Path) -> Commands:
    """containerd, the kubelet and kube-proxy."""
    return {
        "containerd": ["containerd", f"--config={folder}/containerd.toml"],
        "kubelet": [
            str(program("kubelet")),
            f"--config={folder}/kubelet.yaml",
            f"--kubeconfig={folder}/kubelet.kubeconfig",
            f"--hostname-override={NODE_NAME}",
            f"--node-ip={NODE_IP}",
            f"--node-labels={GPU_LABEL}",
            f"--root-dir={folder}/kubelet",
            f"--cert-dir={folder}/kubelet/pki",
        ],
        "kube-proxy": [str(program("kube-proxy")), f"--config={folder}/kube-proxy.yaml"],
    }


def services(folder: Path, at: Endpoints) -> Commands:
    """Cluster DNS, Prometheus with its discovery of pods, and Redis, all on the node's address."""
    discovery = str(Path(__file__).with_name("discovery.py"))
    return {
        "coredns": [str(program("coredns")), "-conf", f"{folder}/Corefile"],
        "discovery": [sys.executable, discovery, at.api_url, f"{folder}/pki", f"{folder}/targets/pods.json"],
        "prometheus": [
            "prometheus",
            f"--config.file={folder}/prometheus.yaml",
            f"--storage.tsdb.path={folder}/prometheus",
            f"--web.listen-address={NODE_IP}:9090",
            "--log.level=warn",
        ],
        "redis": [
            "redis-server",
            *("--bind", NODE_IP),
            *("--protected-mode", "no"),
            *("--dir", f"{folder}/redis"),
            *("--save", ""),
            *("--appendonly", "yes"),
        ],
    }

"""What a node's programs read: containerd, the kubelet, kube-proxy, cluster DNS, Prometheus."""

import json
from dataclasses import dataclass
from pathlib import Path

from cluster.network import NODE_IP, PODS

NODE_NAME = "node1"
GPU = "nvidia.com/gpu"
GPU_LABEL = "nvidia.com/gpu.product=NVIDIA-GeForce-GTX-1050-Ti"
GPU_COUNT = "4"  # two machines with two cards each, counted on the one node there is
PAUSE_IMAGE = "localhost/pause:1"
DNS_DOMAIN = "cluster.local"


@dataclass(frozen=True)
class NodeConfig:
    """The configuration files of one node, in the cluster's folder."""

    folder: Path
    cgroup: str
    ca: Path

    def write(self) -> None:
        """Write every file anew."""
        for name in ("cni", "targets", "redis"):
            (self.folder / name).mkdir(exist_ok=True)
        for name, text in {
            "cni/10-pods.conflist": json.dumps(self.cni()),
            "containerd.toml": self.containerd(),
            "kubelet.yaml": json.dumps(self.kubelet()),
            "kube-proxy.yaml": json.dumps(self.kube_proxy()),
            "Corefile": self.coredns(),
            "resolv.conf": f"nameserver {NODE_IP}\n",
            "prometheus.yaml": json.dumps(self.prometheus()),
        }.items():
            (self.folder / name).write_text(text)

    def cni(self) -> dict[str, object]:
        # Point to point rather than a bridge: pod traffic to a Service is always routed, so it is
        # translated on the way back too, with or without br_netfilter in the kernel.
        addresses = {
            "type": "host-local",
            "dataDir": f"{self.folder}/addresses",
            "ranges": [[{"subnet": PODS}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        }
        return {"cniVersion": "0.4.0", "name": "pods", "plugins": [{"type": "ptp", "ipam": addresses}]}

    def containerd(self) -> str:
        # restrict_oom_score_adj: without CAP_SYS_RESOURCE no sandbox could lower its own score.
        return f"""version = 2
root = "{self.folder}/containerd/root"
state = "{self.folder}/containerd/state"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]
[grpc]
  address = "{self.folder}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE_IMAGE}"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{self.folder}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      Root = "{self.folder}/runc"
"""

    def kubelet(self) -> dict[str, object]:
        full_disks_do_not_matter = dict.fromkeys(
            ("memory.available", "nodefs.available", "imagefs.available", "nodefs.inodesFree"), "0%"
        )
        return {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": str(self.ca)},
            },
            "authorization": {"mode": "Webhook"},
            "tlsCertFile": f"{self.folder}/pki/kubelet-server.crt",
            "tlsPrivateKeyFile": f"{self.folder}/pki/kubelet-server.key",
            "containerRuntimeEndpoint": f"unix://{self.folder}/containerd.sock",
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{self.cgroup}",
            "enforceNodeAllocatable": [],
            "failCgroupV1": False,
            "failSwapOn": False,
            "evictionHard": full_disks_do_not_matter,
            "imageGCHighThresholdPercent": 100,
            "clusterDNS": [NODE_IP],
            "clusterDomain": DNS_DOMAIN,
            "resolvConf": f"{self.folder}/resolv.conf",
            "podLogsDir": f"{self.folder}/pod-logs",
            "volumePluginDir": f"{self.folder}/volume-plugins",
        }

    def kube_proxy(self) -> dict[str, object]:
        return {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "mode": "nftables",
            "clientConnection": {"kubeconfig": f"{self.folder}/kube-proxy.kubeconfig"},
            "clusterCIDR": PODS,
            "hostnameOverride": NODE_NAME,
            "conntrack": {
                "maxPerCore": 0,
                "min": 0,
                "tcpEstablishedTimeout": "0s",
                "tcpCloseWaitTimeout": "0s",
            },
        }

    def coredns(self) -> str:
        return f""".:53 {{
  bind {NODE_IP}
  errors
  cache 2
  kubernetes {DNS_DOMAIN} in-addr.arpa {{
    kubeconfig {self.folder}/coredns.kubeconfig
  }}
}}
"""

    def prometheus(self) -> dict[str, object]:
        every = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
        pods = {"job_name": "pods", "file_sd_configs": [{"files": [f"{self.folder}/targets/pods.json"]}]}
        return {"global": every, "scrape_configs": [pods]}

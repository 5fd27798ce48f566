"""A real Kubernetes on this machine: control plane, one node with pretend GPUs, DNS, Prometheus, Redis."""

import json
import os
import socket
import subprocess
from datetime import datetime
from pathlib import Path

from cluster import leftovers, packages, pause_image
from cluster.cgroup import Cgroup
from cluster.components import Commands, Endpoints, controllers, node, services
from cluster.control_plane import PATIENCE_SECONDS, ControlPlane
from cluster.images import Image
from cluster.lock import alone
from cluster.network import NODE_IP, Network
from cluster.node import GPU, GPU_COUNT, NODE_NAME, PAUSE_IMAGE, NodeConfig
from cluster.processes import Processes
from cluster.programs import folder as programs_folder
from cluster.programs import program
from cluster.progress import Say, quiet, telling, wait_for

STATE = Path("/var/lib/voice-rollout")
OBSERVERS = "voice-rollout:observers"
PORTS = {"coredns": 53, "prometheus": 9090, "redis": 6379}


class Cluster(ControlPlane):
    """The cluster `name`: its own network, control group and folder, so that several can run at a time."""

    def __init__(self, name: str, say: Say = quiet) -> None:
        super().__init__(STATE / name, Endpoints(NODE_IP), say)
        self.name = name
        self.network = Network(f"voice-rollout-{name}")
        self.cgroup = Cgroup(f"voice-rollout-{name}")
        self.containerd_socket = self.folder / "containerd.sock"

    @property
    def enter_argv(self) -> tuple[str, ...]:
        return self.network.enter

    @property
    def environment(self) -> dict[str, str]:
        """What a command needs beside the network: KUBECONFIG, and kubectl and helm on PATH."""
        path = f"{programs_folder()}{os.pathsep}{packages.PATH}"
        return {**os.environ, "KUBECONFIG": str(self.kubeconfig), "PATH": path}

    @property
    def processes(self) -> Processes:
        return Processes(self.folder, self.enter_argv, self.cgroup)

    @property
    def components(self) -> Commands:
        return (
            super().components
            | controllers(self.folder, self.authority)
            | node(self.folder)
            | services(self.folder, self.endpoints)
        )

    def up(self) -> None:
        """Bring the cluster up; return at once when it is. What an earlier run left half done is removed."""
        if os.geteuid() != 0:
            raise RuntimeError("a local cluster needs root: use sudo, or CLUSTER=current for one you have")
        packages.require(packages.NODE, self.say)
        programs_folder()
        with alone(f"cluster {self.name}", self.say):
            trouble = self.trouble()
            if not trouble:
                self.say(f"the cluster {self.name} is up")
                return
            if self.folder.exists():
                self.say(f"{trouble}: starting the cluster {self.name} afresh")
            self._remove()
            self._create()

    def down(self) -> None:
        """End the cluster and leave nothing of it on the machine. Harmless when nothing is there."""
        with alone(f"cluster {self.name}", self.say):
            self._remove()

    def trouble(self) -> str:
        """What keeps the cluster from being up, in words; empty when it is up."""
        if not self._complete.exists():
            return "an earlier start was not finished"
        stopped = [name for name in self.components if self.pid(name) is None]
        if stopped:
            return f"{', '.join(stopped)} not running"
        if not self.is_ready():
            return "the API server is not ready"
        return "" if self._is_node_ready() else "the node is not ready"

    def start(self, name: str) -> None:
        super().start(name)
        self._wait_usable(name)

    def load(self, image: Image) -> None:
        """Give the node a built image, under its own name and as the newest one."""
        if image.name in self._ctr("images", "list", "--quiet").split():
            return
        with telling(self.say, lambda: f"still loading {image.name}"):
            self._ctr("images", "import", str(image.archive))
        self._ctr("images", "tag", "--force", image.name, image.dev_name)
        self.say(f"loaded {image.name}")

    def _ctr(self, *words: str) -> str:
        command = ["ctr", f"--address={self.containerd_socket}", "--namespace=k8s.io", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"ctr {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def _create(self) -> None:
        self.network.create()
        self.cgroup.create()
        self.folder.mkdir(parents=True)
        self.create_credentials()
        NodeConfig(self.folder, self.cgroup.name, self.authority.crt("ca")).write()
        for name in ("etcd", "containerd", "kube-apiserver"):
            self.start(name)
        self.say("API server ready")
        observers = ("--clusterrole=view", f"--group={OBSERVERS}")
        self.kubectl("create", "clusterrolebinding", "observers", *observers)
        self._import_pause_image()
        for name, command in self.components.items():
            self.processes.start(name, command)
        for name in self.components:
            self._wait_usable(name)
        self._complete.touch()
        self.say("node ready")

    def create_credentials(self) -> None:
        super().create_credentials()
        self.authority.issue_server("kubelet-server", [NODE_NAME, NODE_IP])
        for name, user, group in (
            ("kubelet", f"system:node:{NODE_NAME}", "system:nodes"),
            ("kube-controller-manager", "system:kube-controller-manager", ""),
            ("kube-scheduler", "system:kube-scheduler", ""),
            ("kube-proxy", "system:kube-proxy", ""),
            ("coredns", "coredns", OBSERVERS),
            ("prometheus", "prometheus", OBSERVERS),
        ):
            self.authority.issue_client(name, user, group)
            kubeconfig = self.folder / f"{name}.kubeconfig"
            self.authority.kubeconfig(name, self.endpoints.api_url, kubeconfig)

    def _import_pause_image(self) -> None:
        archive = self.folder / "pause.tar"
        pause_image.write(program("pause"), PAUSE_IMAGE, archive)
        self._ctr("images", "import", str(archive))

    def _wait_usable(self, name: str) -> None:
        if name == "containerd":
            wait_for("containerd", self.containerd_socket.is_socket, seconds=PATIENCE_SECONDS)
        elif name == "kubelet":
            wait_for("the node to be ready", self._is_node_ready, seconds=PATIENCE_SECONDS)
            self._declare_gpus()
        elif name in PORTS:
            wait_for(name, lambda: self._answers(PORTS[name]), seconds=PATIENCE_SECONDS)

    def _answers(self, port: int) -> bool:
        with self.network.inside(), socket.socket() as probe:
            return probe.connect_ex((NODE_IP, port)) == 0

    def _is_node_ready(self) -> bool:
        """Whether the kubelet that runs now has reported the node ready; what an earlier one said is old."""
        if self.pid("kubelet") is None:
            return False
        ready = "jsonpath={range .status.conditions[?(@.type=='Ready')]}{.status} {.lastHeartbeatTime}{end}"
        said, _, at = self.kubectl("get", "node", NODE_NAME, "-o", ready, check=False).stdout.partition(" ")
        return said == "True" and datetime.fromisoformat(at).timestamp() >= self._kubelet_began()

    def _kubelet_began(self) -> int:
        return int((self.folder / "run" / "kubelet.json").stat().st_mtime)

    def _declare_gpus(self) -> None:
        counted = {GPU: GPU_COUNT}
        patch = json.dumps({"status": {"capacity": counted, "allocatable": counted}})
        self.kubectl("patch", "node", NODE_NAME, "--subresource=status", "-p", patch)

    def _remove(self) -> None:
        self.processes.stop("kubelet")
        self.cgroup.kill("kubepods")
        self.processes.stop_all()
        self.cgroup.kill()
        leftovers.remove(self.folder)
        self.network.remove()
        self.cgroup.remove()

    @property
    def _complete(self) -> Path:
        return self.folder / "complete"

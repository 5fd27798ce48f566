"""etcd and a Kubernetes API server: enough for whoever needs objects and rules, but no pods."""

import random
import shutil
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGTERM, Signals

from cluster.components import Commands, Endpoints, control_plane
from cluster.network import KUBERNETES_SERVICE_IP
from cluster.pki import Authority
from cluster.processes import Processes
from cluster.programs import program
from cluster.progress import Say, quiet, wait_for

API_SERVER_NAMES = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"]
API_SERVER_IPS = ["127.0.0.1", KUBERNETES_SERVICE_IP]
PATIENCE_SECONDS = 180.0
"""For a part to start: seconds on an idle machine, more than a minute on a slow and busy one."""
_given_out: set[int] = set()


@dataclass
class ControlPlane:
    """An API server of its own in `folder`, started and stopped part by part."""

    folder: Path
    endpoints: Endpoints = field(default_factory=Endpoints)
    say: Say = quiet

    @property
    def enter_argv(self) -> tuple[str, ...]:
        """What to put before a command so that it reaches the API server's address."""
        return ()

    @property
    def kubeconfig(self) -> Path:
        """A kubeconfig with every right."""
        return self.folder / "kubeconfig"

    @property
    def authority(self) -> Authority:
        return Authority(self.folder / "pki")

    @property
    def processes(self) -> Processes:
        return Processes(self.folder, self.enter_argv)

    @property
    def components(self) -> Commands:
        """The command line of each part, in the order in which they start."""
        return control_plane(self.folder, self.authority, self.endpoints)

    def up(self) -> None:
        """Start afresh; return when the API server is ready."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.create_credentials()
        self.start("etcd")
        self.start("kube-apiserver")
        self.say("API server ready")

    def down(self) -> None:
        """End what runs and remove the folder. Harmless when nothing is there."""
        self.processes.stop_all()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, name: str) -> None:
        """Start one part, unless it runs; return when it can be used."""
        self.processes.start(name, self.components[name])
        if name == "kube-apiserver":
            self.wait_ready()

    def stop(self, name: str) -> None:
        """End one part in an orderly way."""
        self.processes.stop(name)

    def restart(self, name: str, signal: Signals = SIGTERM) -> None:
        """End one part with the signal given, then start it again."""
        self.processes.stop(name, signal)
        self.start(name)

    def signal(self, name: str, number: Signals) -> None:
        """Send one part a signal: SIGKILL to crash it, SIGSTOP and SIGCONT to freeze and thaw it."""
        self.processes.signal(name, number)

    def pid(self, name: str) -> int | None:
        """The process id of one part, or None when it does not run."""
        return self.processes.pid(name)

    def kubectl(
        self, *words: str, check: bool = True, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl here; raise RuntimeError with what it said when it fails and `check` is set."""
        command = [*self.enter_argv, str(program("kubectl")), f"--kubeconfig={self.kubeconfig}", *words]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
        if check and done.returncode:
            raise RuntimeError(f"kubectl {' '.join(words)}: {done.stderr.strip()}")
        return done

    def is_ready(self) -> bool:
        """Whether the API server says that it is ready."""
        question = ("get", "--raw", "/readyz", "--request-timeout=5s")
        return self.pid("kube-apiserver") is not None and self.kubectl(*question, check=False).returncode == 0

    def wait_ready(self, seconds: float = PATIENCE_SECONDS) -> None:
        """Return when the API server is ready; raise RuntimeError with its log when it has ended."""

        def ready_or_dead() -> bool:
            return self.is_ready() or self.pid("kube-apiserver") is None

        wait_for("the API server to be ready", ready_or_dead, seconds=seconds)
        if self.pid("kube-apiserver") is None:
            raise RuntimeError(f"the API server ended:\n{self.processes.last_words('kube-apiserver')}")

    def create_credentials(self) -> None:
        """Make the certificates and the kubeconfig of the administrator."""
        authority = self.authority
        authority.create()
        names = [*API_SERVER_NAMES, *API_SERVER_IPS, self.endpoints.address]
        authority.issue_server("kube-apiserver", list(dict.fromkeys(names)))
        authority.issue_client("admin", "admin", "system:masters")
        authority.issue_client("kube-apiserver-kubelet-client", "kube-apiserver", "system:masters")
        authority.kubeconfig("admin", self.endpoints.api_url, self.kubeconfig)


def free_endpoints() -> Endpoints:
    """Three free ports of this machine's loopback, below the range from which outgoing connections
    take theirs: while the API server is stopped, nobody else can come to sit on its port.
    """
    api, etcd, peers = free_ports(3)
    return Endpoints(api=api, etcd=etcd, peers=peers)


def free_ports(count: int) -> Sequence[int]:
    """Ports on which nobody listens; each is given out once, for its taker may begin to listen much later."""
    found: set[int] = set()
    while len(found) < count:
        port = random.randrange(20000, 30000)
        with socket.socket() as probe:
            if port not in _given_out and probe.connect_ex(("127.0.0.1", port)) != 0:
                found.add(port)
        _given_out.update(found)
    return list(found)

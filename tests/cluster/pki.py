"""One certificate authority for a cluster, and who it vouches for."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3650")


@dataclass(frozen=True)
class Authority:
    """A certificate authority in a folder; what it issues lies beside it as <name>.crt and <name>.key."""

    folder: Path

    def create(self) -> None:
        """Make the authority and the key that signs service account tokens."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._new("ca", "/CN=voice-rollout-local-ca", "keyUsage=critical,keyCertSign,digitalSignature")
        self._new("service-accounts", "/CN=service-accounts", "keyUsage=digitalSignature")

    def issue_server(self, name: str, hosts: list[str]) -> None:
        """A certificate to answer under these host names and addresses."""
        names = ",".join(f"IP:{host}" if host[0].isdigit() else f"DNS:{host}" for host in hosts)
        self._issue(name, f"/CN={name}", "extendedKeyUsage=serverAuth", f"subjectAltName={names}")

    def issue_client(self, name: str, user: str, group: str = "") -> None:
        """A certificate to be `user`, a member of `group`, before Kubernetes."""
        self._issue(name, f"{f'/O={group}' if group else ''}/CN={user}", "extendedKeyUsage=clientAuth")

    def kubeconfig(self, name: str, server: str, path: Path) -> None:
        """Write a kubeconfig with which the client `name` talks to `server`."""
        cluster = {"server": server, "certificate-authority": str(self.crt("ca"))}
        user = {"client-certificate": str(self.crt(name)), "client-key": str(self.key(name))}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "local",
            "clusters": [{"name": "local", "cluster": cluster}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": "local", "context": {"cluster": "local", "user": name}}],
        }
        path.touch(mode=0o600)
        path.write_text(json.dumps(config, indent=1))

    def crt(self, name: str) -> Path:
        return self.folder / f"{name}.crt"

    def key(self, name: str) -> Path:
        return self.folder / f"{name}.key"

    def _issue(self, name: str, subject: str, *extensions: str) -> None:
        signer = ("-CA", str(self.crt("ca")), "-CAkey", str(self.key("ca")))
        self._new(name, subject, "basicConstraints=critical,CA:FALSE", *extensions, signer=signer)

    def _new(self, name: str, subject: str, *extensions: str, signer: tuple[str, ...] = ()) -> None:
        files = ("-keyout", str(self.key(name)), "-out", str(self.crt(name)), "-subj", subject)
        added = [word for extension in extensions for word in ("-addext", extension)]
        openssl("req", "-x509", *NEW_KEY, *files, *signer, *added)


def openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True)

"""Tell Prometheus which pods to scrape; the one in Debian is built without Kubernetes discovery.

A program of its own: `discovery.py API_URL PKI_FOLDER TARGETS_FILE`.
"""

import json
import ssl
import sys
import time
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.request import urlopen

Pod = dict[str, Any]


def main(api: str, pki: Path, targets_file: Path) -> None:
    trust = ssl.create_default_context(cafile=pki / "ca.crt")
    trust.load_cert_chain(pki / "prometheus.crt", pki / "prometheus.key")
    while True:
        try:
            for pods in pods_as_they_change(f"{api}/api/v1/pods", trust):
                write(targets_file, [target for pod in pods for target in targets(pod)])
        except (OSError, HTTPException, ValueError) as error:
            print(f"asking again: {error}", flush=True)
            time.sleep(0.5)


def pods_as_they_change(url: str, trust: ssl.SSLContext) -> Iterator[list[Pod]]:
    """All pods now, and again after each change, until the API server ends the watch."""
    with urlopen(url, context=trust, timeout=10) as answer:
        listed = json.load(answer)
    pods = {pod["metadata"]["uid"]: pod for pod in listed["items"]}
    yield list(pods.values())
    since = listed["metadata"]["resourceVersion"]
    with urlopen(f"{url}?watch=1&timeoutSeconds=300&resourceVersion={since}", context=trust) as events:
        for line in events:
            apply(json.loads(line), pods)
            yield list(pods.values())


def apply(event: dict[str, Any], pods: dict[str, Pod]) -> None:
    if event["type"] == "ERROR":
        raise ValueError(event["object"].get("message", "the watch failed"))
    uid = event["object"]["metadata"]["uid"]
    if event["type"] == "DELETED":
        pods.pop(uid, None)
    else:
        pods[uid] = event["object"]


def targets(pod: Pod) -> Iterator[dict[str, Any]]:
    """The ports named "http" of a running pod that asks to be scraped."""
    metadata, address = pod["metadata"], pod["status"].get("podIP")
    asks = metadata.get("annotations", {}).get("prometheus.io/scrape") == "true"
    if not (asks and address and pod["status"]["phase"] == "Running"):
        return
    labels = {"namespace": metadata["namespace"], "pod": metadata["name"]}
    for container in pod["spec"]["containers"]:
        for port in container.get("ports", []):
            if port.get("name") == "http":
                yield {"targets": [f"{address}:{port['containerPort']}"], "labels": labels}


def write(path: Path, content: list[dict[str, Any]]) -> None:
    """Replace the file in one step, and only when it changes: Prometheus reads it as soon as it does."""
    text = json.dumps(content, indent=1)
    if path.exists() and path.read_text() == text:
        return
    unfinished = path.with_suffix(".new")
    unfinished.write_text(text)
    unfinished.rename(path)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))

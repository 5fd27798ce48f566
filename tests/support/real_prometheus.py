"""A Prometheus of a test's own, on this machine's loopback, and pods for it to scrape."""

import shutil
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
import yaml
from prometheus_client import CollectorRegistry, start_http_server

from cluster.control_plane import free_ports
from cluster.packages import require
from cluster.progress import quiet

PATIENCE_SECONDS = 120
LABELS = ("namespace", "pod")


class Pod:
    """Something with metrics; Prometheus gives it the labels of its place."""

    def __init__(self, namespace: str, name: str) -> None:
        self.place = dict(zip(LABELS, (namespace, name), strict=True))
        self.registry = CollectorRegistry()
        (port,) = free_ports(1)
        self.target = f"127.0.0.1:{port}"
        self._server, self._thread = start_http_server(port, "127.0.0.1", self.registry)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class RealPrometheus:
    """The Debian package's program, scraping every second."""

    moment: datetime
    """What is asked about, once somebody has set it: later traffic, or none, changes no answer."""

    def __init__(self, folder: Path, pods: list[Pod]) -> None:
        require({"prometheus": "prometheus"}, quiet)
        (port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        config = folder / "prometheus.yaml"
        config.write_text(yaml.safe_dump(_config(pods)))
        command = [
            shutil.which("prometheus") or "prometheus",
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        self._log = folder / "log"

    def wait_scraped(self, pods: int) -> None:
        """Return when every pod was scraped twice."""
        eventually(lambda: len(self.query("count_over_time(up[1m]) >= 2")) == pods, self.last_words)

    def first_found(self, promql: str) -> datetime:
        """When the query found something, by Prometheus's own clock."""
        found = eventually(lambda: self.query(promql), self.last_words)
        return datetime.fromtimestamp(float(found[0]["value"][0]), UTC)

    def query(self, promql: str) -> list[dict[str, Any]]:
        """An instant query's series; none while it is not ready."""
        try:
            answer = requests.get(f"{self.url}/api/v1/query", params={"query": promql}, timeout=30)
        except requests.ConnectionError:
            return []
        series: list[dict[str, Any]] = answer.json()["data"]["result"] if answer.ok else []
        return series

    def last_words(self) -> str:
        return self._log.read_text()[-2000:]

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE_SECONDS)


def _config(pods: list[Pod]) -> dict[str, Any]:
    jobs = [{"targets": [pod.target], "labels": pod.place} for pod in pods]
    return {
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [{"job_name": "pods", "static_configs": jobs}],
    }


def eventually(found: Callable[[], Any], otherwise: Callable[[], str] = lambda: "") -> Any:
    """What `found` finds, once that is something."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (answer := found()):
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.1)
    return answer

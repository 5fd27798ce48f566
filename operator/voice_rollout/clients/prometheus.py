"""Prometheus: one query a template, for all rollouts at once; anything but a clean answer is a failure."""

from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, TypeAlias

import requests
from prometheus_api_client.exceptions import PrometheusApiClientException
from prometheus_api_client.prometheus_connect import PrometheusConnect
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError
from urllib3.util.retry import Retry

from voice_rollout.api.names import CANDIDATE, STABLE
from voice_rollout.decision.judge import Failed, Measured, Reading
from voice_rollout.resources.templates import FIGURE, Template

TIMEOUT_SECONDS = 2
MAX_BYTES = 8 << 20


Whose: TypeAlias = tuple[str, str]
"""Namespace and name of a rollout."""
Figures: TypeAlias = dict[tuple[str, str], float]
"""By variant and by what is told of it: value or samples."""


@dataclass(frozen=True)
class Answer:
    """Every rollout's figures of one template at one moment."""

    at: datetime
    template: Template
    figures: dict[Whose, Figures]
    doubled: frozenset[Whose] = frozenset()
    """Rollouts of which one figure came more than once: it cannot be told which one is meant."""

    def reading(self, namespace: str, rollout: str) -> Reading:
        """One rollout's part."""
        if (namespace, rollout) in self.doubled:
            return Failed(self.at, f"template {self.template.name} answers several series for one variant")
        figure = self.figures.get((namespace, rollout), {})
        counted = f'"{FIGURE}", "samples"' in self.template.query
        samples = figure.get((CANDIDATE, "samples"), 0.0) if counted else None
        return Measured(
            at=self.at,
            window=self.template.window,
            candidate=figure.get((CANDIDATE, "value")),
            stable=figure.get((STABLE, "value")),
            samples=samples,
        )


class Prometheus:
    """A Prometheus to ask. Blocking: call it from a thread."""

    def __init__(self, url: str, token_file: str = "") -> None:
        session = requests.Session()
        session.hooks["response"].append(_refuse_doubtful)
        if token_file:
            session.auth = _BearerFile(Path(token_file))
        self._connection = PrometheusConnect(
            url, session=session, retry=Retry(total=0, read=False), timeout=TIMEOUT_SECONDS
        )

    def ask(self, template: Template, at: datetime) -> Answer | Failed:
        """All figures of a template at a moment."""
        parameters = {"time": at.timestamp(), "timeout": f"{TIMEOUT_SECONDS}s"}
        try:
            found = self._connection.custom_query(template.query, params=parameters)
            return _answer(at, template, found)
        except (requests.RequestException, PrometheusApiClientException, HTTPError) as error:
            return Failed(at, f"Prometheus: {_brief(error)}")
        except OSError as error:
            return Failed(at, f"Prometheus's token cannot be read: {error.strerror}")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return Failed(at, f"Prometheus answered something else: {_brief(error)}")


class _BearerFile(requests.auth.AuthBase):
    """A token that the kubelet rotates in its file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._path.read_text().strip()}"
        return request


def _refuse_doubtful(response: requests.Response, **_: object) -> None:
    """A partial answer is no answer, an endless one is not read; what an error's body says stays out of sight."""
    if not response.ok:
        raise PrometheusApiClientException(f"HTTP {response.status_code} {response.reason}")
    body = response.raw.read(MAX_BYTES + 1, decode_content=True)
    if len(body) > MAX_BYTES:
        response.close()
        raise PrometheusApiClientException(f"an answer of more than {MAX_BYTES >> 20} MiB")
    response.raw = BytesIO(body)
    if response.json().get("warnings"):
        raise PrometheusApiClientException("it warns that its answer is partial")


def _answer(at: datetime, template: Template, found: list[dict[str, Any]]) -> Answer:
    figures: dict[Whose, Figures] = {}
    doubled: set[Whose] = set()
    for entry in found:
        namespace, rollout, variant, figure = (
            str(entry["metric"].get(name, "")) for name in ("namespace", "rollout", "variant", FIGURE)
        )
        mine = figures.setdefault((namespace, rollout), {})
        if (variant, figure) in mine:
            doubled.add((namespace, rollout))
        mine[variant, figure] = float(entry["value"][1])
    return Answer(at, template, figures, frozenset(doubled))


def _brief(error: Exception) -> str:
    """The first line, without addresses or bodies."""
    match error:
        case requests.ConnectTimeout() | requests.ReadTimeout() | ReadTimeoutError():
            return f"no answer in {TIMEOUT_SECONDS:g} s"
        case requests.ConnectionError():
            return "cannot be reached"
        case ProtocolError():
            return "the answer broke off"
        case requests.JSONDecodeError():
            return "not JSON"
        case _:
            return (str(error).splitlines() or [type(error).__name__])[0][:120]

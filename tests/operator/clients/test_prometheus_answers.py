"""Whatever comes back instead of a clean answer is a failure with a short reason, and nothing else."""

import json
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from cluster.control_plane import free_ports
from support.rollouts import NOW
from voice_rollout.clients.prometheus import MAX_BYTES, Answer, Prometheus
from voice_rollout.decision.judge import Failed, Measured
from voice_rollout.resources.templates import catalogue

TEMPLATE = catalogue()["error-rate"]
OOM = catalogue()["vram-oom-per-hour"]


class Said:
    """What a server answers, and what it was asked."""

    def __init__(self, body: bytes = b"", status: int = 200, declared: int | None = None) -> None:
        self.body, self.status = body, status
        self.declared = len(body) if declared is None else declared
        self.asked: list[str] = []
        self.credentials: list[str | None] = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.hangs_on = False
        self.may_end = threading.Event()


@contextmanager
def server(said: Said) -> Iterator[str]:
    """A server on a loopback port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said.asked.append(self.path)
            said.credentials.append(self.headers["Authorization"])
            said.may_answer.wait(10)
            self.send_response(said.status)
            self.send_header("Content-Length", str(said.declared))
            self.end_headers()
            self.wfile.write(said.body)
            if said.hangs_on:
                said.may_end.wait(10)

        def log_message(self, *_: object) -> None:
            """Silence."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.server_port}"
    finally:
        said.may_answer.set()
        said.may_end.set()
        listening.shutdown()
        thread.join()
        listening.server_close()


def vector(*series: Any, **more: Any) -> bytes:
    data = {"resultType": "vector", "result": list(series)}
    return json.dumps({"status": "success", "data": data, **more}).encode()


def one(
    value: str, figure: str = "value", variant: str = "candidate", rollout: str = "f5-tts", **more: str
) -> Any:
    labels = {"namespace": "voice", "rollout": rollout, "variant": variant, "figure": figure, **more}
    return {"metric": labels, "value": [NOW.timestamp(), value]}


def ask(said: Said) -> Answer | Failed:
    with server(said) as url:
        return Prometheus(url).ask(TEMPLATE, NOW)


def reading(*series: Any) -> Measured | Failed:
    answer = ask(Said(vector(*series)))
    assert isinstance(answer, Answer)
    return answer.reading("voice", "f5-tts")


BROKEN: dict[str, tuple[Said, str]] = {
    "a login page": (Said(b"<html>please log in</html>"), "Prometheus: not JSON"),
    "nothing": (Said(), "Prometheus: not JSON"),
    "an error": (Said(b"upstream 10.0.0.7 is down", 503), "Prometheus: HTTP 503 Service Unavailable"),
    "a refusal": (Said(b"{}", 401), "Prometheus: HTTP 401 Unauthorized"),
    "warnings": (
        Said(vector(one("0.1"), warnings=["10.0.0.7 timed out"])),
        "Prometheus: it warns that its answer is partial",
    ),
    "half a JSON": (Said(vector(one("0.1"))[:60]), "Prometheus: not JSON"),
    "another shape": (Said(b'{"status": "success"}'), "Prometheus answered something else: "),
    "a list": (Said(b"[]"), "Prometheus answered something else: "),
    "a scalar": (
        Said(b'{"status": "success", "data": {"resultType": "scalar", "result": [1, "0.5"]}}'),
        "Prometheus answered something else: ",
    ),
    "a matrix": (
        Said(vector({"metric": {}, "values": [[1, "0.5"]]})),
        "Prometheus answered something else: ",
    ),
    "no labels": (
        Said(vector({"metric": None, "value": [1, "0.5"]})),
        "Prometheus answered something else: ",
    ),
    "a word": (Said(vector(one("many"))), "Prometheus answered something else: "),
    "too much": (Said(b" " * (MAX_BYTES + 2)), "Prometheus: an answer of more than 8 MiB"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_no_clean_answer_is_a_failure_with_a_short_reason(case: str) -> None:
    said, reason = BROKEN[case]
    failed = ask(said)

    assert isinstance(failed, Failed)
    assert failed.at == NOW
    assert failed.reason.startswith(reason)
    assert len(failed.reason) < 200
    assert "10.0.0.7" not in failed.reason


def test_an_answer_that_breaks_off_is_a_failure() -> None:
    body = vector(one("0.1"))
    failed = ask(Said(body[:60], declared=len(body)))

    assert isinstance(failed, Failed)
    assert failed.reason in {"Prometheus: not JSON", "Prometheus: the answer broke off"}


def test_nobody_there_is_a_failure() -> None:
    (port,) = free_ports(1)

    assert Prometheus(f"http://127.0.0.1:{port}").ask(TEMPLATE, NOW) == Failed(
        NOW, "Prometheus: cannot be reached"
    )


def test_a_slow_one_is_not_waited_for() -> None:
    said = Said(vector(one("0.1")))
    said.may_answer.clear()

    assert ask(said) == Failed(NOW, "Prometheus: no answer in 2 s")


def test_one_that_stops_in_the_middle_is_not_waited_for() -> None:
    body = vector(one("0.1"))
    said = Said(body[:60], declared=len(body))
    said.hangs_on = True

    assert ask(said) == Failed(NOW, "Prometheus: no answer in 2 s")


def test_a_failed_question_is_not_repeated_at_once() -> None:
    said = Said(b"", 503)
    ask(said)

    assert len(said.asked) == 1


def test_one_question_answers_for_a_thousand_rollouts() -> None:
    rollouts = [f"rollout-{number}" for number in range(1000)]
    said = Said(vector(*(one(str(number / 1000), rollout=name) for number, name in enumerate(rollouts))))
    answer = ask(said)

    assert isinstance(answer, Answer)
    found = [answer.reading("voice", name) for name in rollouts]
    assert [each.candidate for each in found if isinstance(each, Measured)] == [n / 1000 for n in range(1000)]
    assert len(said.asked) == 1


def test_it_is_asked_for_the_moment_of_the_decision() -> None:
    said = Said(vector())
    ask(said)
    asked = parse_qs(urlsplit(said.asked[0]).query)

    assert float(asked["time"][0]) == NOW.timestamp()
    assert asked["query"] == [TEMPLATE.query]
    assert asked["timeout"] == ["2s"]


def test_a_full_answer_is_read_by_variant_and_figure() -> None:
    found = reading(
        one("0.25"),
        one("0.5", variant="stable"),
        one("123.4", "samples"),
        one("999", "samples", "stable"),
        one("0.9", rollout="other"),
        {**one("0.9"), "metric": {**one("")["metric"], "namespace": "elsewhere"}},
    )

    assert found == Measured(NOW, TEMPLATE.window, candidate=0.25, stable=0.5, samples=123.4)


@pytest.mark.parametrize(("text", "is_it"), [("NaN", math.isnan), ("+Inf", math.isinf), ("-Inf", math.isinf)])
def test_what_is_no_number_is_handed_on_for_judgement(text: str, is_it: Callable[[float], bool]) -> None:
    found = reading(one(text), one("500", "samples"))

    assert isinstance(found, Measured)
    assert found.candidate is not None
    assert is_it(found.candidate)


def test_several_series_for_one_figure_are_none() -> None:
    found = reading(one("0.1", pod="a"), one("0.2", pod="b"), one("500", "samples"))

    assert found == Failed(NOW, "template error-rate answers several series for one variant")


def test_several_series_of_another_rollout_are_its_own_trouble() -> None:
    found = reading(one("0.1", rollout="other"), one("0.2", rollout="other"), one("0.3"))

    assert isinstance(found, Measured)
    assert found.candidate == 0.3


def test_without_a_count_there_were_no_requests_where_the_template_counts_them() -> None:
    counted = reading(one("0.1"))
    with server(Said(vector(one("0.1")))) as url:
        answer = Prometheus(url).ask(OOM, NOW)

    assert isinstance(counted, Measured)
    assert counted.samples == 0.0
    assert isinstance(answer, Answer)
    assert answer.reading("voice", "f5-tts") == Measured(NOW, OOM.window, candidate=0.1)


def test_its_token_is_read_anew_for_each_question(tmp_path: Path) -> None:
    token, said = tmp_path / "token", Said(vector())
    with server(said) as url:
        prometheus = Prometheus(url, str(token))
        for text in ("first\n", "second"):
            token.write_text(text)
            prometheus.ask(TEMPLATE, NOW)

    assert said.credentials == ["Bearer first", "Bearer second"]


def test_a_token_that_is_not_there_is_a_failure(tmp_path: Path) -> None:
    with server(Said(vector())) as url:
        failed = Prometheus(url, str(tmp_path / "missing")).ask(TEMPLATE, NOW)

    assert failed == Failed(NOW, "Prometheus's token cannot be read: No such file or directory")

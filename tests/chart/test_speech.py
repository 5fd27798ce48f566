"""The program that `helm test` runs, against small servers on this machine."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from support.chart import CHART, find, render

PROGRAM = CHART / "files" / "speech_test.py"
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(24)


class Gateway(HTTPServer):
    """Answers every request with the same status and body, and keeps what it was asked."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.status, self.body = status, body
        self.asked: list[dict[str, str]] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    server: Gateway

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append({"path": self.path, **json.loads(text)})
        self.send_response(self.server.status)
        for name, value in {
            "X-Engine": "xtts",
            "X-Variant": "stable",
            "Content-Length": len(self.server.body),
        }.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None:
        """Say nothing: pytest shows what the program says."""


@contextmanager
def gateway(status: int, body: bytes) -> Iterator[Gateway]:
    with Gateway(status, body) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def speak(address: str) -> tuple[int, str]:
    command = [sys.executable, "-c", PROGRAM.read_text(), address]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_wav_passes_and_is_described() -> None:
    with gateway(200, WAV) as server:
        code, said = speak(server.address)

    assert (code, said) == (0, "40 bytes of speech from xtts (stable)\n")
    assert server.asked[0]["path"] == "/v1/audio/speech"
    assert server.asked[0]["response_format"] == "wav"


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (503, b'{"error":"no engine"}', "answered 503: .*no engine.* is there a rollout"),
        (200, b"<html>", "6 bytes that are no WAV"),
        (200, b"", "0 bytes that are no WAV"),
    ],
)
def test_anything_else_fails_and_says_what_came(status: int, body: bytes, message: str) -> None:
    with gateway(status, body) as server:
        code, said = speak(server.address)

    assert code == 1
    assert re.search(message, said)


def test_a_gateway_that_cannot_be_reached_fails_with_its_name() -> None:
    with gateway(200, WAV) as server:
        address = server.address

    code, said = speak(address)

    assert code == 1
    assert f"http://{address} cannot be reached" in said


def test_helm_runs_this_very_program_against_the_service() -> None:
    pod = find(render({}), "Pod", "voice-gateway-test")
    (container,) = pod["spec"]["containers"]

    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    assert container["command"] == ["python", "-c", PROGRAM.read_text(), "voice-gateway"]

#!/usr/bin/env python3
"""`helm test`: have one sentence spoken through the gateway's Service, and hear that it is a WAV."""

import json
import sys
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

SENTENCE = "Olá, este é um teste de voz."
SECONDS = 30


def main(gateway: str) -> int:
    """0 when the gateway answered with a WAV; 1 with a sentence that says what it did instead."""
    connection = HTTPConnection(gateway, timeout=SECONDS)
    request = json.dumps({"input": SENTENCE, "response_format": "wav", "user": "helm-test"})
    try:
        connection.request("POST", "/v1/audio/speech", request, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, HTTPException) as error:
        return say(f"http://{gateway} cannot be reached: {error!r}")
    if answer.status != HTTPStatus.OK:
        return say(
            f"the gateway answered {answer.status}: {body[:500]!r}; is there a rollout with a stable engine?"
        )
    if body[:4] != b"RIFF" or body[8:12] != b"WAVE":
        return say(f"the gateway answered {len(body)} bytes that are no WAV: {body[:16]!r}")
    say(f"{len(body)} bytes of speech from {answer.headers['X-Engine']} ({answer.headers['X-Variant']})")
    return 0


def say(sentence: str) -> int:
    sys.stdout.write(f"{sentence}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

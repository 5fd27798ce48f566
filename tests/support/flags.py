"""Flag documents as a test wants them: a sound one, with only the named things different."""

import json
from decimal import Decimal
from typing import Any

from voice_flags import Document, Endpoint

STABLE = Endpoint("xtts", "http://f5-tts-stable.voice.svc:8000")
CANDIDATE = Endpoint("f5-tts", "http://f5-tts-candidate.voice.svc:8000")


def a_document(**changes: Any) -> Document:
    """Rollout f5-tts, on, at 25 %, for everyone."""
    sound: dict[str, Any] = {
        "rollout": "f5-tts",
        "flag": "f5tts_engine",
        "generation": 12,
        "epoch": 3,
        "on": True,
        "phase": "beta",
        "percentage": Decimal(25),
        "salt": "voice/f5-tts/1",
        "stable": STABLE,
        "candidate": CANDIDATE,
    }
    return Document(**(sound | changes))


def a_flag(name: str, **changes: Any) -> Document:
    """The document of another rollout, whose flag and rollout share a name."""
    return a_document(**({"rollout": name, "flag": name, "salt": f"voice/{name}/1"} | changes))


def document_fields(**changes: Any) -> dict[str, Any]:
    """What a sound document says as JSON, with `changes` put in."""
    return json.loads(a_document().to_json()) | changes

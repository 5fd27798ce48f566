"""VoiceRollouts as a person would write them, with holds of a second."""

from typing import Any

Object = dict[str, Any]

CLIMB = [
    {"name": "alpha", "steps": [{"percentage": 10, "hold": "1s"}]},
    {"name": "beta", "steps": [{"percentage": share, "hold": "1s"} for share in (10, 25, 50)]},
    {"name": "ga", "steps": [{"percentage": 100, "hold": "1s"}]},
]
ERROR_RATE = {
    "name": "error-rate",
    "template": "error-rate",
    "promote": {"max": 0.02},
    "rollback": {"max": 0.05, "for": "1s", "level": "PreviousPhase"},
}


def a_spec(**changes: Any) -> Object:
    """Alpha 10 %, beta 10, 25, 50 %, ga 100 %, a second each; errors decide."""
    sound: Object = {
        "phase": "ga",
        "percentage": 100,
        "stable": {"name": "xtts", "workload": a_workload()},
        "candidate": {"name": "f5-tts", "workload": a_workload(replicas={"min": 1, "max": 4})},
        "phases": CLIMB,
        "analysis": {"interval": "1s", "minSamples": 10, "metrics": [ERROR_RATE]},
    }
    return sound | changes


def a_workload(**changes: Any) -> Object:
    return {"engine": "espeak", **changes}

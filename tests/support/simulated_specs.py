"""Specs for the simulation: short times throughout."""

from typing import Any

from support.rollouts import Manifest


def a_plan() -> list[Manifest]:
    """Two phases of short holds."""
    return [
        {"name": "alpha", "steps": [{"percentage": 10, "hold": "4s"}]},
        {
            "name": "ga",
            "steps": [
                {"percentage": 10, "hold": "3s"},
                {"percentage": 50.5, "hold": "6s"},
                {"percentage": 100, "hold": "2s"},
            ],
        },
    ]


def spec_of(**changes: Any) -> Manifest:
    """A spec for the simulation; short times throughout."""
    return {"phases": a_plan(), "analysis": an_analysis()} | changes


def an_analysis(**changes: Any) -> Manifest:
    """One metric that must be good, and one that only guards and takes users back at once."""
    patient = {"max": 0.05, "for": "3s", "level": "ReducePercentage"}
    error_rate = {
        "name": "error-rate",
        "template": "error-rate",
        "promote": {"max": 0.02},
        "rollback": patient,
    }
    crashes = {"name": "crashes", "template": "crashes", "rollback": {"max": 0.5, "level": "PreviousPhase"}}
    return {"interval": "2s", "stallAfter": "20s", "metrics": [error_rate, crashes]} | changes

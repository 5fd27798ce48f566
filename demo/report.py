"""What was seen, counted: the summary, the timeline, and the promises that were broken. Pure."""

import itertools
from collections import Counter, defaultdict
from statistics import quantiles
from typing import Any

from demo.watch import Sight

from voice_flags import User, evaluate

INTERVAL_SECONDS = 2.0
MIN_USERS = 1000


def summary(sight: Sight, began: float) -> dict[str, Any]:
    """The figures of the whole run; times are seconds since it began."""
    steps = shares(sight, began)
    breached = sight.breach_visible
    back = _taken_back(sight)
    failed = [one for one in sight.requests if one["status"] != 200]
    return {
        "shares": steps,
        "breach_to_flag_seconds": _between(breached, sight.committed.get(back)),
        "flag_to_last_gateway_seconds": _between(sight.committed.get(back), sight.switched.get(back)),
        "requests": len(sight.requests),
        "streamed": sum(bool(one.get("streamed")) for one in sight.requests),
        "failed_for_users": len(failed),
        "answered_by_fallback": dict(sight.fallbacks()),
        "users": len({one["user"] for one in sight.requests}),
        "users_by_variant": dict(Counter(_last_variant(sight).values())),
        "changed_side_wrongly": changed_wrongly(sight),
        "latency_p99_seconds": round(quantiles([one["seconds"] for one in sight.requests], n=100)[98], 3),
        "rollbacks": sight.status.get("rollbacks", 0),
        "final": {key: sight.status.get(key) for key in ("state", "phase", "percentage", "message")},
    }


def _taken_back(sight: Sight) -> int:
    """The first generation that sent everybody back to stable; 0 when there was none."""
    ordered = [document for _, document in sorted(sight.documents.items())]
    pairs = itertools.pairwise(ordered)
    return next((after.generation for before, after in pairs if before.on and not after.on), 0)


def broken_promises(result: dict[str, Any]) -> list[str]:
    """Each promise that does not hold, as a sentence."""
    bound = INTERVAL_SECONDS + 0.5
    to_flag, to_gateway = result["breach_to_flag_seconds"], result["flag_to_last_gateway_seconds"]
    reached = [(step["phase"], step["percentage"]) for step in result["shares"]]
    checks = {
        f"{result['failed_for_users']} requests failed for users": result["failed_for_users"] == 0,
        f"{result['changed_side_wrongly']} users changed side wrongly": result["changed_side_wrongly"] == 0,
        f"only {result['users']} users spoke": result["users"] >= MIN_USERS,
        f"breach to flag took {to_flag} s": to_flag is not None and to_flag <= bound,
        f"flag to the last gateway took {to_gateway} s": to_gateway is not None and to_gateway <= 0.5,
        "nobody was taken back": result["rollbacks"] >= 1,
        f"the end is {result['final']}": (result["final"]["state"], result["final"]["percentage"])
        == ("Complete", 100),
        f"the climb was {reached}": ("alpha", 10) in reached
        and ("beta", 50) in reached
        and ("ga", 100) in reached,
    }
    return [sentence for sentence, kept in checks.items() if not kept]


def changed_wrongly(sight: Sight) -> int:
    """Users heard on a side that the flag of that moment does not give them, or that left while the share rose."""
    wrong = set()
    heard: dict[str, dict[int, str]] = defaultdict(dict)
    for one in sight.requests:
        document = sight.documents.get(one.get("generation", 0))
        if document is None or one["status"] != 200:
            continue
        expected = evaluate(document, User(one["user"]), {}).variant
        known = heard[one["user"]].setdefault(document.generation, one["variant"])
        if one["variant"] != expected or known != one["variant"]:
            wrong.add(one["user"])
    return len(wrong | {user for user, sides in heard.items() if _left_while_rising(sight, sides)})


def _left_while_rising(sight: Sight, sides: dict[int, str]) -> bool:
    """A user who was in at a share is in at every larger one: sticky and monotone."""
    on = [(sight.documents[g].percentage, side) for g, side in sides.items() if sight.documents[g].on]
    return any(low < high and a == "candidate" and b == "stable" for low, a in on for high, b in on)


def _last_variant(sight: Sight) -> dict[str, str]:
    return {one["user"]: one.get("variant") or "none" for one in sight.requests}


def shares(sight: Sight, began: float) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = []
    for generation, document in sorted(sight.documents.items()):
        step = {
            "phase": document.phase if document.on else "disabled",
            "percentage": float(document.percentage),
        }
        if not steps or {key: steps[-1][key] for key in step} != step:
            steps.append({"at": round(sight.committed[generation] - began, 2), **step})
    return steps


def _between(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else round(end - start, 3)


def timeline(result: dict[str, Any], width: int = 40) -> list[str]:
    """One line a share, with a bar."""
    lines = []
    for step in result["shares"]:
        bar = "█" * round(step["percentage"] / 100 * width)
        lines.append(f"{step['at']:7.1f} s  {step['phase']:>9} {step['percentage']:>5g} %  {bar}")
    return lines

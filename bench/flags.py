# /// script
# requires-python = ">=3.11"
# dependencies = ["voice-rollout", "growthbook==4.0.0", "openfeature-flagd-core==2.0.0"]
# [tool.uv.sources]
# voice-rollout = { path = "..", editable = true }
# ///
"""What one flag evaluation costs, beside GrowthBook's and flagd's evaluators for Python.

All three decide the same rule in one process, in turns, and the best of seven rounds counts: 25 % of users
by hash, 20 allowed, many denied.
Run it in a throw-away environment: `uv run --script bench/flags.py`. Exit 1 when ours takes more than 2 us.
"""

import sys
from collections.abc import Callable
from decimal import Decimal
from time import perf_counter

from growthbook import GrowthBook
from openfeature.contrib.tools.flagd.core import FlagdCore
from openfeature.evaluation_context import EvaluationContext

from voice_flags import Document, Endpoint, User, evaluate

ALLOWED = [f"tester-{number}" for number in range(20)]
USERS = [f"user-{number}" for number in range(500)]
PROMISE_US = 2.0
ROUNDS = 7
ROUND_SECONDS = 0.3

Ask = Callable[[str], bool]


def ours(denied: list[str]) -> Ask:
    document = Document(
        rollout="f5-tts",
        flag="f5tts_engine",
        generation=1,
        epoch=0,
        on=True,
        phase="beta",
        percentage=Decimal(25),
        salt="voice/f5-tts/1",
        stable=Endpoint("xtts"),
        candidate=Endpoint("f5-tts"),
        allow=frozenset(ALLOWED),
        deny=frozenset(denied),
    )
    return lambda user: evaluate(document, User(user)).enabled


def growthbook(denied: list[str]) -> Ask:
    rules = [
        {"condition": {"id": {"$in": denied}}, "force": False},
        {"condition": {"id": {"$in": ALLOWED}}, "force": True},
        {"coverage": 0.25, "hashAttribute": "id", "seed": "f5tts", "force": True},
    ]
    book = GrowthBook(features={"f5tts": {"defaultValue": False, "rules": rules}})

    def ask(user: str) -> bool:
        book.set_attributes({"id": user})
        return bool(book.is_on("f5tts"))

    return ask


def flagd(denied: list[str]) -> Ask:
    share = {"fractional": [{"cat": ["f5tts:", {"var": "targetingKey"}]}, ["on", 25], ["off", 75]]}
    targeting = {"if": [
        {"in": [{"var": "targetingKey"}, denied]}, "off",
        {"in": [{"var": "targetingKey"}, ALLOWED]}, "on",
        share,
    ]}  # fmt: skip
    variants = {"on": True, "off": False}
    flag = {"state": "ENABLED", "defaultVariant": "off", "variants": variants, "targeting": targeting}
    core = FlagdCore()
    core.set_flags({"flags": {"f5tts": flag}})
    return lambda user: (
        core.resolve_boolean_value(flag_key="f5tts", default_value=False, ctx=EvaluationContext(user)).value
    )


def microseconds(ask: Ask) -> float:
    """The time of one question, asking for each user in turn."""
    asked, started = 0, perf_counter()
    while (elapsed := perf_counter() - started) < ROUND_SECONDS:
        for user in USERS:
            ask(user)
        asked += len(USERS)
    return elapsed / asked * 1e6


def main() -> int:
    engines = {"voice_flags": ours, "growthbook 4.0.0": growthbook, "flagd-core 2.0.0": flagd}
    print(f"{'denied users':>12}  {'evaluator':<18}{'us each':>10}{'ratio':>9}")
    slowest = 0.0
    for count in (0, 20_000):
        denied = [f"denied-{number}" for number in range(count)]
        asks = {name: build(denied) for name, build in engines.items()}
        for name, ask in asks.items():
            share = sum(map(ask, USERS)) / len(USERS)
            assert 0.15 < share < 0.35, f"{name} lets {share:.0%} of users in, not 25 %"
        rounds = [{name: microseconds(ask) for name, ask in asks.items()} for _ in range(ROUNDS)]
        cost = {name: min(each[name] for each in rounds) for name in engines}
        for name, each in cost.items():
            print(f"{count:>12,}  {name:<18}{each:>10.2f}{each / cost['voice_flags']:>8.1f}x")
        slowest = max(slowest, cost["voice_flags"])
    kept = slowest <= PROMISE_US
    print(f"promise: at most {PROMISE_US} us an evaluation: {'kept' if kept else 'BROKEN'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())

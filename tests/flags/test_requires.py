from decimal import Decimal
from typing import Any

import pytest

from support.flags import a_flag
from voice_flags import Document, Reason, User, evaluate

SOMEONE = User("someone")


def flags(**needs: list[str]) -> dict[str, Document]:
    """Flags at 100 % by name, each with what it requires."""
    return {
        name: a_flag(name, percentage=Decimal(100), requires=tuple(required))
        for name, required in needs.items()
    }


def enabled(name: str, known: dict[str, Document], user: User = SOMEONE) -> bool:
    verdict = evaluate(known[name], user, known)
    assert verdict.enabled or verdict.reason == Reason.REQUIRES
    return verdict.enabled


def test_a_flag_whose_requirements_are_on_is_on() -> None:
    assert enabled("transcription", flags(transcription=["engine", "profiles"], engine=[], profiles=[]))


@pytest.mark.parametrize(
    "off",
    [
        {"on": False},
        {"percentage": Decimal(0)},
        {"deny": frozenset({"someone"})},
        {"characters": frozenset({"pip_boy"})},
    ],
)
def test_a_flag_whose_requirement_is_off_for_the_user_is_off(off: dict[str, Any]) -> None:
    known = flags(transcription=["engine"]) | {
        "engine": a_flag("engine", **({"percentage": Decimal(100)} | off))
    }

    assert not enabled("transcription", known)


def test_a_requirement_is_asked_for_the_same_user() -> None:
    known = flags(transcription=["engine"]) | {"engine": a_flag("engine", percentage=Decimal(30))}
    users = [User(f"user-{number}") for number in range(500)]
    chosen = {user for user in users if enabled("transcription", known, user)}

    assert chosen == {user for user in users if evaluate(known["engine"], user).enabled}
    assert 0 < len(chosen) < len(users)


def test_a_missing_requirement_is_off() -> None:
    assert not enabled("transcription", flags(transcription=["engine"]))
    assert not enabled("transcription", flags(transcription=["engine"], engine=["nowhere"]))


@pytest.mark.parametrize("circle", [["a"], ["a", "b"], ["a", "b", "c", "d"]])
def test_flags_that_require_one_another_are_off(circle: list[str]) -> None:
    known = flags(**{name: [circle[place - 1]] for place, name in enumerate(circle)}, outside=["a"])

    assert not any(enabled(name, known) for name in known)


def test_a_list_that_admits_the_user_breaks_a_circle() -> None:
    known = flags(a=["b"]) | {"b": a_flag("b", requires=("a",), allow=frozenset({"someone"}))}

    assert enabled("a", known)


def test_two_paths_to_one_requirement_are_no_circle() -> None:
    assert enabled("top", flags(top=["left", "right"], left=["base"], right=["base"], base=[]))


def test_a_chain_of_sixteen_is_followed_and_an_endless_one_is_off() -> None:
    def chain(length: int) -> dict[str, Document]:
        return flags(**{f"f{place}": [f"f{place + 1}"] for place in range(length)}, **{f"f{length}": []})

    assert enabled("f0", chain(16))
    assert not enabled("f0", chain(17))
    assert not enabled("f0", chain(5_000))


class Counted(dict[str, Document]):
    """Flags that count how often one is asked for."""

    asked = 0

    def get(self, *name: Any) -> Any:
        self.asked += 1
        return super().get(*name)


def test_many_paths_through_few_flags_cost_little() -> None:
    layers = {
        f"l{depth}-{side}": [f"l{depth + 1}-a", f"l{depth + 1}-b"] for depth in range(15) for side in "ab"
    }
    known = Counted(flags(**layers, **{"l15-a": [], "l15-b": []}))

    assert enabled("l0-a", known)
    assert 0 < known.asked < 10 * len(known)

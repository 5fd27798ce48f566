from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.flags import a_document
from voice_flags import Document, Evaluation, Reason, User, Variant, bucket, evaluate

ids = st.text(min_size=1, max_size=20)
shares = st.integers(0, 100_000).map(lambda thousandths: Decimal(thousandths) / 1000)
everyone = Decimal(100)
POPULATION = [f"user-{number}" for number in range(5_000)]

# What refuses or admits `someone` at each rank, strongest first, and the reason it must give.
RANKS = [
    (Reason.OFF, Variant.STABLE, {"on": False}),
    (Reason.DENY, Variant.STABLE, {"deny": frozenset({"someone"})}),
    (Reason.ALLOW, Variant.CANDIDATE, {"allow": frozenset({"someone"})}),
    (Reason.REQUIRES, Variant.STABLE, {"requires": ("nowhere",)}),
    (Reason.CHARACTER, Variant.STABLE, {"characters": frozenset({"pip_boy"})}),
    (Reason.SEGMENT, Variant.CANDIDATE, {"segments": {"technical": everyone}}),
]


def inside(document: Document, user: str, *segments: str) -> bool:
    return evaluate(document, User(user, segments=frozenset(segments))).enabled


@pytest.mark.parametrize(("stronger", "weaker"), list(combinations(RANKS, 2)))
def test_the_stronger_rule_decides(stronger: tuple, weaker: tuple) -> None:
    reason, variant, changes = stronger
    document = a_document(percentage=Decimal(0), **(weaker[2] | changes))

    assert evaluate(document, User("someone", segments=frozenset({"technical"}))) == Evaluation(
        variant, reason
    )


@pytest.mark.parametrize("nobody", [None, ""])
def test_an_anonymous_user_stays_stable_even_at_a_hundred_percent(nobody: str | None) -> None:
    verdict = evaluate(a_document(percentage=everyone), User(nobody))

    assert verdict == Evaluation(Variant.STABLE, Reason.ANONYMOUS)


def test_to_be_anonymous_outranks_what_the_flag_requires() -> None:
    assert evaluate(a_document(requires=("nowhere",)), User()).reason == Reason.ANONYMOUS


@given(ids, shares)
def test_a_denied_user_never_gets_the_candidate(user: str, percentage: Decimal) -> None:
    listed = frozenset({user})

    assert not inside(a_document(percentage=percentage, deny=listed, allow=listed), user)


@given(ids, shares)
def test_an_allowed_user_always_gets_the_candidate_while_the_flag_is_on(
    user: str, percentage: Decimal
) -> None:
    document = a_document(percentage=percentage, allow=frozenset({user}), characters=frozenset())

    assert inside(document, user)


@given(ids, st.text())
def test_zero_is_nobody_and_a_hundred_everybody(user: str, salt: str) -> None:
    assert not inside(a_document(percentage=Decimal(0), salt=salt), user)
    assert inside(a_document(percentage=everyone, salt=salt), user)


@given(ids, shares, shares)
def test_a_larger_share_removes_nobody(user: str, one: Decimal, other: Decimal) -> None:
    lower, higher = sorted((one, other))

    assert inside(a_document(percentage=lower), user) <= inside(a_document(percentage=higher), user)


def test_back_at_ten_percent_the_same_users_remain() -> None:
    def chosen(percentage: int) -> set[str]:
        document = a_document(percentage=Decimal(percentage))
        return {user for user in POPULATION if inside(document, user)}

    climb = [chosen(percentage) for percentage in (10, 25, 50, 10)]

    assert climb[0] == climb[3] < climb[1] < climb[2]


@given(ids, shares)
def test_a_share_is_exact_to_the_thousandth(user: str, percentage: Decimal) -> None:
    document = a_document(percentage=percentage)

    assert inside(document, user) is (bucket(document.salt, user) < percentage * 1000)


@given(ids, shares, shares)
def test_a_segment_never_gets_less_than_everyone(user: str, general: Decimal, segment: Decimal) -> None:
    document = a_document(percentage=general, segments={"technical": segment})

    assert inside(document, user, "technical") is (bucket(document.salt, user) < max(general, segment) * 1000)
    assert inside(document, user) <= inside(document, user, "technical")


def test_the_widest_of_a_users_segments_counts() -> None:
    document = a_document(percentage=Decimal(0), segments={"early": Decimal(50), "technical": everyone})

    assert inside(document, "someone", "early", "technical", "unheard-of")
    assert not inside(document, "someone", "unheard-of")


def test_a_segments_share_is_the_reason_on_both_sides() -> None:
    document = a_document(percentage=Decimal(1), segments={"technical": Decimal(50)})
    verdicts = {evaluate(document, User(user, segments=frozenset({"technical"}))) for user in POPULATION}

    assert verdicts == {Evaluation(variant, Reason.SEGMENT) for variant in Variant}


def test_a_segment_below_the_general_share_is_not_the_reason() -> None:
    document = a_document(percentage=Decimal(50), segments={"technical": Decimal(10)})
    verdicts = {evaluate(document, User(user, segments=frozenset({"technical"}))) for user in POPULATION}

    assert verdicts == {Evaluation(variant, Reason.SPLIT) for variant in Variant}


@pytest.mark.parametrize(
    ("characters", "admitted"),
    [(None, {"pip_boy", "dweller", None}), (frozenset({"pip_boy"}), {"pip_boy"}), (frozenset(), set())],
)
def test_no_list_is_every_character_and_an_empty_one_none(
    characters: frozenset[str] | None, admitted: set[str | None]
) -> None:
    document = a_document(percentage=everyone, characters=characters)
    heard = {
        name for name in ("pip_boy", "dweller", None) if evaluate(document, User("someone", name)).enabled
    }

    assert heard == admitted


def test_dropping_the_last_character_means_nobody() -> None:
    document = a_document(percentage=everyone, segments={"technical": everyone}, characters=frozenset())
    verdicts = {
        evaluate(document, User(user, "pip_boy", frozenset({"technical"}))) for user in POPULATION[:100]
    }

    assert verdicts == {Evaluation(Variant.STABLE, Reason.CHARACTER)}

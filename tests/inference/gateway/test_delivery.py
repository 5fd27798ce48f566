import pytest

from voice_flags import Variant
from voice_server.gateway.delivery import Delivery, deliver, in_its_place
from voice_server.gateway.outcome import Declined, Failed, Outcome, Reply, Spoken, Why

SPOKEN = Spoken(Reply(200, "audio/wav", b"RIFF"))
DECLINED = Declined(Reply(400, "application/json", b"{}"))
CRASHED = Failed(Why.STATUS, "status 500")
BROKEN_OFF = Failed(Why.LOST, "reset", begun=True)
GONE = Failed(Why.UNREACHABLE, "refused")


async def delivered(assigned: Variant, **outcomes: Outcome) -> tuple[Delivery, list[Variant]]:
    asked: list[Variant] = []

    async def ask(variant: Variant) -> Outcome:
        asked.append(variant)
        return outcomes[variant]

    return await deliver(assigned, ask), asked


async def test_a_stable_user_never_reaches_the_candidate() -> None:
    for outcome in (SPOKEN, DECLINED, CRASHED):
        delivery, asked = await delivered(Variant.STABLE, stable=outcome, candidate=SPOKEN)

        assert (delivery.outcome, asked, delivery.fell_back) == (outcome, [Variant.STABLE], False)


async def test_a_candidate_that_speaks_is_asked_alone() -> None:
    delivery, asked = await delivered(Variant.CANDIDATE, stable=CRASHED, candidate=SPOKEN)

    assert (delivery.outcome, delivery.status, asked) == (SPOKEN, "ok", [Variant.CANDIDATE])


@pytest.mark.parametrize("failure", [CRASHED, GONE, Failed(Why.BREAKER_OPEN, "")])
@pytest.mark.parametrize("stable", [SPOKEN, DECLINED, CRASHED])
async def test_what_stable_does_in_its_place_never_excuses_a_candidate(
    failure: Failed, stable: Outcome
) -> None:
    delivery, _ = await delivered(Variant.CANDIDATE, stable=stable, candidate=failure)

    assert delivery == Delivery(Variant.CANDIDATE, stable, failure)
    assert (delivery.status, delivery.fell_back) == ("error", True)


async def test_what_both_decline_is_the_clients_fault_and_counts_for_nobody() -> None:
    delivery, _ = await delivered(Variant.CANDIDATE, stable=DECLINED, candidate=DECLINED)

    assert (delivery.outcome, delivery.status, delivery.fell_back) == (DECLINED, None, False)


async def test_a_candidate_that_declines_what_stable_speaks_has_failed() -> None:
    delivery, _ = await delivered(Variant.CANDIDATE, stable=SPOKEN, candidate=DECLINED)

    assert (delivery.outcome, delivery.status, delivery.fell_back) == (SPOKEN, "error", True)


async def test_a_declined_request_stays_declined_when_stable_cannot_be_asked() -> None:
    delivery, _ = await delivered(Variant.CANDIDATE, stable=GONE, candidate=DECLINED)

    assert (delivery.outcome, delivery.status) == (DECLINED, None)


async def test_a_candidate_that_breaks_off_has_failed_and_nobody_goes_on_in_its_place() -> None:
    delivery, asked = await delivered(Variant.CANDIDATE, stable=SPOKEN, candidate=BROKEN_OFF)

    assert (delivery.outcome, delivery.failure, asked) == (BROKEN_OFF, BROKEN_OFF, [Variant.CANDIDATE])
    assert (delivery.status, delivery.fell_back, delivery.tried) == ("error", False, True)


@pytest.mark.parametrize("failure", [CRASHED, DECLINED])
async def test_when_stable_breaks_off_in_its_place_it_is_still_the_candidate_that_fell_back(
    failure: Failed | Declined,
) -> None:
    delivery, _ = await delivered(Variant.CANDIDATE, stable=BROKEN_OFF, candidate=failure)

    assert (delivery.outcome, delivery.status, delivery.fell_back) == (BROKEN_OFF, "error", True)
    assert delivery.failure is not None
    assert not delivery.failure.begun


@pytest.mark.parametrize("failure", [CRASHED, GONE, DECLINED])
async def test_what_is_told_when_stable_begins_is_what_is_told_at_its_end(failure: Failed | Declined) -> None:
    delivery, _ = await delivered(Variant.CANDIDATE, stable=SPOKEN, candidate=failure)

    assert in_its_place(failure, SPOKEN) == delivery


@pytest.mark.parametrize(
    ("failure", "tried"), [(CRASHED, True), (GONE, True), (Failed(Why.BREAKER_OPEN, ""), False)]
)
async def test_a_candidate_that_was_kept_away_was_not_tried(failure: Failed, *, tried: bool) -> None:
    delivery, _ = await delivered(Variant.CANDIDATE, stable=SPOKEN, candidate=failure)

    assert delivery.tried is tried


@pytest.mark.parametrize(("outcome", "status"), [(SPOKEN, "ok"), (DECLINED, None), (CRASHED, "error")])
async def test_a_stable_users_request_counts_for_stable(outcome: Outcome, status: str | None) -> None:
    delivery, _ = await delivered(Variant.STABLE, stable=outcome)

    assert delivery.status == status

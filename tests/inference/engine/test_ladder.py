from hypothesis import given
from hypothesis import strategies as st

from voice_server.engine.ladder import Room, Rung, next_rung


def test_caches_go_first_then_company_then_quality_then_speed() -> None:
    assert [
        next_rung(None, size=5, tier=0, last=1),
        next_rung(Rung.RELIEVE, size=5, tier=0, last=1),
        next_rung(Rung.HALVE, size=3, tier=0, last=1),
        next_rung(Rung.HALVE, size=1, tier=0, last=1),
        next_rung(Rung.FASTER, size=1, tier=1, last=1),
        next_rung(Rung.RELIEVE_AGAIN, size=1, tier=1, last=1),
    ] == [Rung.RELIEVE, Rung.HALVE, Rung.HALVE, Rung.FASTER, Rung.RELIEVE_AGAIN, Rung.RELIEVE_AGAIN]


@given(st.lists(st.floats(1, 1000), min_size=1, max_size=20))
def test_what_did_not_fit_is_not_tried_again_at_once(works: list[float]) -> None:
    room = Room()
    for work in works:
        room = room.without(work)

    assert room.work <= min(works) / 2


def test_batches_that_fill_the_room_widen_it_and_small_ones_do_not() -> None:
    room = Room().without(100)

    assert room.with_batch(20) == room
    assert room.with_batch(40).work > room.work

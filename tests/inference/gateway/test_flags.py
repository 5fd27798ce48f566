import pytest
from prometheus_client import CollectorRegistry

from support.flags import a_document, a_flag
from voice_flags import Document, Reason, User, Variant
from voice_server.gateway.flags import STALE_AFTER, Flags
from voice_server.gateway.metrics import GatewayMetrics

ANA = User("ana")


class Held:
    """Flags, their clock, and what they show to Prometheus."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.registry = CollectorRegistry()
        self.flags = Flags(GatewayMetrics(self.registry), lambda: self.now)

    def read(self, *documents: Document) -> None:
        self.flags.read(data(*documents))

    def shown(self, name: str) -> float | None:
        return self.registry.get_sample_value(name, {"rollout": "f5-tts"})

    @property
    def reason(self) -> Reason:
        return self.flags.evaluate("f5-tts", ANA).reason


def data(*documents: Document) -> dict[str, str]:
    return {f"{document.rollout}.flag.json": document.to_json() for document in documents}


@pytest.fixture
def held() -> Held:
    held = Held()
    held.read(a_document(deny=frozenset({"ana"})))
    return held


def test_the_generation_in_force_is_acknowledged(held: Held) -> None:
    held.read(a_document(generation=13))

    assert held.shown("voice_flags_generation") == 13


def test_an_older_generation_never_comes_back(held: Held) -> None:
    held.read(a_document(generation=11))

    assert held.flags.document("f5-tts").generation == 12  # type: ignore[union-attr]
    assert held.shown("voice_flags_generation") == 12
    assert held.shown("voice_flags_rejected_total") == 1


def test_a_bad_document_leaves_the_others_and_its_own_last_good_one(held: Held) -> None:
    held.read(a_document(), a_flag("chirp"))
    held.flags.read(data(a_flag("chirp", generation=13)) | {"f5-tts.flag.json": "{"})

    assert held.flags.evaluate("f5-tts", ANA).variant is Variant.STABLE
    assert held.flags.document("chirp").generation == 13  # type: ignore[union-attr]


def test_a_bad_document_is_counted_once_however_often_it_is_read(held: Held) -> None:
    for text in ("{", "{", "{", "[]"):
        held.flags.read({"f5-tts.flag.json": text})

    assert held.shown("voice_flags_rejected_total") == 2


def test_a_bad_document_of_a_rollout_never_seen_is_counted_too() -> None:
    held = Held()
    held.flags.read({"f5-tts.flag.json": "{"})

    assert held.shown("voice_flags_rejected_total") == 1
    assert held.flags.loaded


def test_a_deleted_key_keeps_every_user_where_he_is(held: Held) -> None:
    held.flags.read({})

    assert held.flags.rollouts == ["f5-tts"]
    assert held.reason is Reason.STALE


def test_a_source_that_is_away_is_said_after_a_while_and_forgotten_when_it_is_back(held: Held) -> None:
    held.now += STALE_AFTER - 1
    held.flags.lost()
    short = held.reason
    held.now += 2
    held.flags.lost()
    long = held.reason
    held.read(a_document(deny=frozenset({"ana"})))

    assert [short, long, held.reason] == [Reason.DENY, Reason.STALE, Reason.DENY]


def test_the_age_of_the_flags_is_shown(held: Held) -> None:
    held.now += 7

    assert held.registry.get_sample_value("voice_flags_age_seconds") == 7


def test_a_copy_serves_from_the_start_but_says_that_it_may_be_old() -> None:
    held = Held()
    held.now += 3
    held.flags.seed(data(a_document()))

    assert (held.flags.loaded, held.reason, held.flags.age) == (True, Reason.STALE, 3)


def test_the_source_overrules_the_copy(held: Held) -> None:
    held = Held()
    held.flags.seed(data(a_document()))
    held.read(a_document(generation=13, on=False))

    assert (held.reason, held.shown("voice_flags_generation")) == (Reason.OFF, 13)

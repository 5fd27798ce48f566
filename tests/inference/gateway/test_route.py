from decimal import Decimal
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from support.flags import a_document, a_flag
from voice_flags import Document, Endpoint, Reason, Variant
from voice_server.gateway.flags import Flags
from voice_server.gateway.metrics import GatewayMetrics
from voice_server.gateway.route import Route, route
from voice_server.http import RefusedError
from voice_server.schemas import SpeechRequest


def flags_of(*documents: Document) -> Flags:
    flags = Flags(GatewayMetrics(CollectorRegistry()), lambda: 0.0)
    flags.read({f"{document.rollout}.flag.json": document.to_json() for document in documents})
    return flags


def routed(
    *documents: Document, headers: dict[str, str] | None = None, default: str | None = "f5-tts", **fields: Any
) -> Route:
    speech = SpeechRequest(input="Olá", **fields)
    return route(speech, headers or {}, flags_of(*(documents or (a_document(),))), default)


def test_the_user_may_stand_in_the_body_or_in_a_header_and_the_body_wins() -> None:
    document = a_document(allow=frozenset({"in-body", "in-header"}))
    header = {"X-User-Id": "in-header"}

    assert routed(document, user="in-body").user.id == "in-body"
    assert routed(document, headers=header).user.id == "in-header"
    assert routed(document, headers=header, user="in-body").user.id == "in-body"


@pytest.mark.parametrize(
    "sent", ["josé", "josé".encode().decode("latin-1"), "ана".encode().decode("latin-1")]
)
def test_a_user_is_the_same_in_a_header_as_in_a_body_whatever_letters_he_has(sent: str) -> None:
    """Headers arrive as if they were Latin-1: most clients send UTF-8, some really Latin-1."""
    written = "ана" if sent.startswith("Ð") else "josé"

    assert routed(headers={"X-User-Id": sent}).user == routed(user=written).user


def test_without_a_user_stable_speaks_and_the_reason_is_anonymous() -> None:
    way = routed(a_document(percentage=Decimal(100)))

    assert way.headers() == {"X-Variant": "stable", "X-Flag-Reason": "anonymous", "X-Flag-Generation": "12"}


def test_segments_come_from_a_list_in_one_header() -> None:
    document = a_document(percentage=Decimal(0), segments={"technical": Decimal(100)})
    way = routed(document, headers={"X-Segments": "active, technical ,"}, user="ana")

    assert (way.assigned, way.evaluation.reason) == (Variant.CANDIDATE, Reason.SEGMENT)


def test_the_character_comes_from_its_header() -> None:
    document = a_document(percentage=Decimal(100), characters=frozenset({"pip_boy"}))

    assert routed(document, headers={"X-Character": "pip_boy"}, user="ana").assigned is Variant.CANDIDATE
    assert (
        routed(document, headers={"X-Character": "other"}, user="ana").evaluation.reason is Reason.CHARACTER
    )


def test_the_model_names_the_rollout() -> None:
    assert routed(a_document(), a_flag("chirp"), model="chirp").document.rollout == "chirp"


def test_a_candidate_without_an_address_is_never_assigned() -> None:
    document = a_document(candidate=Endpoint("f5-tts"), allow=frozenset({"ana"}))

    assert routed(document, user="ana").assigned is Variant.STABLE


@pytest.mark.parametrize(
    ("request_", "status", "message"),
    [
        ({"model": "nope"}, 404, "there is no rollout nope"),
        ({"default": None}, 400, "write a rollout's name; known are: f5-tts"),
        ({"default": "later"}, 503, "nothing is known yet of the default rollout later"),
        ({"headers": {"X-User-Id": "u" * 257}}, 400, "X-User-Id: write at most 256 characters"),
        ({"headers": {"X-Character": "c" * 129}}, 400, "X-Character: write at most 128"),
        ({"headers": {"X-Segments": "s," * 1025}}, 400, "X-Segments: write at most 2048"),
        ({"headers": {"X-Segments": ",".join(map(str, range(33)))}}, 400, "X-Segments: write at most 32"),
    ],
)
def test_a_request_without_a_route_is_told_what_to_write(
    request_: dict[str, Any], status: int, message: str
) -> None:
    with pytest.raises(RefusedError, match=message) as refused:
        routed(**request_)

    assert refused.value.status == status


def test_a_flag_without_engines_cannot_speak() -> None:
    with pytest.raises(RefusedError, match="a flag without engines"):
        routed(a_document(stable=Endpoint("xtts"), candidate=Endpoint("f5-tts")))

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.flags import CANDIDATE, STABLE, a_document, document_fields
from voice_flags import Document, DocumentError, Endpoint, Variant

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
shares = st.integers(0, 100_000).map(lambda thousandths: Decimal(thousandths) / 1000)
documents = st.builds(
    a_document,
    generation=st.integers(1, 2**53 - 1),
    epoch=st.integers(0, 2**53 - 1),
    on=st.booleans(),
    phase=names,
    percentage=shares,
    salt=names,
    allow=st.frozensets(names),
    deny=st.frozensets(names),
    requires=st.lists(names, max_size=16).map(tuple),
    segments=st.dictionaries(names, shares),
    characters=st.none() | st.frozensets(names),
    stable=st.builds(Endpoint, names, st.sampled_from([None, STABLE.url, "https://[2001:db8::1]:8000/tts"])),
)


def parsed(text_of_percentage: str) -> Document:
    return Document.parse(
        a_document().to_json().replace('"percentage":25', f'"percentage":{text_of_percentage}')
    )


def test_the_published_shape_is_read_and_written_to_the_letter() -> None:
    text = (
        '{"version":1,"rollout":"f5-tts","flag":"f5tts_engine","generation":12,"epoch":3,"state":"on",'
        '"phase":"beta","percentage":25,"salt":"voice/f5-tts/1","allow":["qa-1"],"deny":[],"requires":[],'
        '"segments":{"technical":100},"characters":null,"variants":{'
        '"stable":{"name":"xtts","url":"http://f5-tts-stable.voice.svc:8000"},'
        '"candidate":{"name":"f5-tts","url":"http://f5-tts-candidate.voice.svc:8000"}}}'
    )
    document = Document.parse(text)

    assert document == a_document(allow=frozenset({"qa-1"}), segments={"technical": Decimal(100)})
    assert text == document.to_json()


@given(documents)
def test_a_written_document_reads_back_equal(document: Document) -> None:
    assert document == Document.parse(document.to_json())


@given(documents)
def test_equal_documents_have_one_text(document: Document) -> None:
    shuffled = dict(reversed(json.loads(document.to_json(), parse_float=Decimal).items()))

    assert document.to_json() == Document.parse(json.dumps(shuffled, default=float)).to_json()


def test_each_of_the_hundred_thousand_shares_survives_writing_and_reading() -> None:
    for thousandths in range(100_001):
        text = a_document(segments={"all": Decimal(thousandths) / 1000}).to_json()
        digits = text.split('"segments":{"all":')[1].split("}")[0]
        assert thousandths == Decimal(digits) * 1000
        assert "e" not in digits


@pytest.mark.parametrize(
    ("text", "threshold"),
    [
        ("0", 0),
        ("100", 100_000),
        ("25.0", 25_000),
        ("0.001", 1),
        ("33.333", 33_333),
        ("99.999", 99_999),
        ("1e1", 10_000),
    ],
)
def test_a_percentage_counts_exactly(text: str, threshold: int) -> None:
    assert threshold == parsed(text).threshold


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "-1",
        "-0.001",
        "100.0001",
        "100.001",
        "1e5",
        "1e999999999999999999999",
        "9" * 5000,
    ],
)
def test_a_number_that_is_no_percentage_is_refused(text: str) -> None:
    with pytest.raises(DocumentError, match=r"write|not JSON"):
        parsed(text)


@pytest.mark.parametrize("text", ["0.0001", "33.3333", "25.000000000000000000000000000000000001"])
def test_a_fourth_decimal_is_refused_never_rounded(text: str) -> None:
    with pytest.raises(
        DocumentError, match=r"^percentage: .* more than three decimals; write a number from 0 to 100"
    ):
        parsed(text)


@pytest.mark.parametrize("text", ['"25"', "true", "null", "[25]", "{}"])
def test_what_only_looks_like_a_percentage_is_refused(text: str) -> None:
    with pytest.raises(DocumentError, match=r"^percentage: .* write a number from 0 to 100, without quotes"):
        parsed(text)


@pytest.mark.parametrize("percentage", ["NaN", "Infinity", "-1", "100.001", "0.0001"])
def test_a_document_cannot_be_built_with_a_wrong_percentage(percentage: str) -> None:
    with pytest.raises(DocumentError, match=r"^percentage: "):
        a_document(percentage=Decimal(percentage))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 2}, "version: 2 is refused; this reader knows version 1"),
        ({"version": True}, "version: true is refused; write a whole number"),
        ({"rollout": "F5"}, 'rollout: "F5" is refused; write the rollout\'s name'),
        ({"flag": "f5 tts"}, "flag: .* such as f5tts_engine"),
        ({"generation": 0}, "generation: 0 is refused; write a whole number from 1"),
        ({"generation": 1.5}, "generation: .* whole number"),
        ({"generation": "12"}, 'generation: "12" is refused'),
        ({"generation": 2**53}, "generation: .* to 9007199254740991"),
        ({"epoch": -1}, "epoch: -1 is refused"),
        ({"state": "enabled"}, 'state: "enabled" is refused; write "on" or "off"'),
        ({"state": True}, 'state: true is refused; write "on" or "off"'),
        ({"phase": ""}, "phase: .* 1 to 256 characters"),
        ({"salt": "s" * 257}, "salt: .* 1 to 256 characters"),
        ({"salt": "\ud800"}, "salt: .* surrogate"),
        ({"allow": "qa-1"}, "allow: .* list in square brackets"),
        ({"allow": ["qa-1", 7]}, r"allow\[1\]: 7 is refused; write text in quotes"),
        ({"deny": [""]}, r"deny\[0\]: .* 1 to 256 characters"),
        ({"requires": ["flag"] * 17}, "requires: 17 entries; 16 are the most"),
        ({"segments": ["technical"]}, "segments: .* in braces"),
        ({"segments": {"technical": 101}}, "segments.technical: 101 is not between 0 and 100"),
        ({"segments": {"": 1}}, "segments.: .* 1 to 256 characters"),
        ({"characters": ""}, "characters: .* list in square brackets"),
        ({"characters": ["one"] * 1025}, "characters: 1025 entries; 1024 are the most"),
        ({"variants": {"stable": {"name": "xtts", "url": None}}}, "variants.candidate: missing"),
        ({"salt_": "x"}, "salt_: unknown field; known are version, rollout"),
    ],
)
def test_a_wrong_field_is_named_with_what_to_write(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        Document.parse(json.dumps(document_fields(**changes)))


@pytest.mark.parametrize("name", sorted(document_fields()))
def test_no_field_may_be_left_out(name: str) -> None:
    fields = document_fields()
    del fields[name]

    with pytest.raises(DocumentError, match=f"^{name}: missing"):
        Document.parse(json.dumps(fields))


@pytest.mark.parametrize(
    "url",
    [
        "", "f5:8000", "file:///etc/passwd", "http://", "http://f5:99999", "http://f5:0", "http://user:secret@f5",
        "http://f5/?a=b", "http://f5/#a", "http://[::1", "http://" + "a" * 2048, 8000,
    ],
)  # fmt: skip
def test_an_address_that_no_gateway_should_call_is_refused(url: object) -> None:
    variants = document_fields()["variants"] | {"candidate": {"name": "f5", "url": url}}

    with pytest.raises(DocumentError, match=r"^variants\.candidate\.url: .* refused; write "):
        Document.parse(json.dumps(document_fields(variants=variants)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("on", "not JSON"),
        ("25", "the document: 25 is refused; write an object in braces"),
        ("[" * 100_000, "nested too deeply"),
        (" " * 1_048_577, "1048577 characters; 1048576 are the most"),
        ('{"state":"on","state":"off"}', "state: written twice"),
        ('{"variants":{"stable":{"name":"a","name":"b"}}}', "name: written twice"),
    ],
)
def test_text_that_is_no_document_is_refused(text: str, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        Document.parse(text)


@given(st.text() | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(json.dumps))
def test_no_text_does_worse_than_a_document_error(text: str) -> None:
    with pytest.raises(DocumentError):
        Document.parse(text)


def test_an_endpoint_is_found_by_its_variant() -> None:
    document = a_document()

    assert tuple(document.endpoint(variant) for variant in Variant) == (STABLE, CANDIDATE)

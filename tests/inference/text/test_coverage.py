"""What a vocabulary lacks, what is written instead, and how an author is told."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_server.text import TextError, check

ASCII = frozenset(string.ascii_lowercase + " .,!?'-")


def test_a_text_within_the_vocabulary_is_left_alone() -> None:
    coverage = check("tudo bem?", ASCII, strict=True)

    assert (coverage.text, coverage.missing, coverage.warnings) == ("tudo bem?", (), ())


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("é ação", "e acao"),
        ("Olá", "ola"),
        ("ÉPOCA", "epoca"),
        ("ele…", "ele..."),
        ("a — b", "a - b"),
        ("d’água", "d'agua"),
        ("Straße", "strasse"),
        ("Łódź æ", "lodz ae"),
        ("um; dois: três", "um, dois, tres"),
        ("“fim”", "fim"),
        ("你 olá", "ola"),
    ],
)
def test_a_lenient_check_writes_the_nearest_there_is(written: str, said: str) -> None:
    assert check(written, ASCII, strict=False).text == said


def test_a_strict_check_names_characters_places_and_what_to_write() -> None:
    with pytest.raises(TextError) as caught:
        check("é 你 é", ASCII, strict=True)

    assert str(caught.value) == (
        "text: the voice does not know 2 of its characters: 'é' (latin small letter e with acute) at 0, 4: write 'e'; "
        "'你' (cjk unified ideograph-4f60) at 2: leave it out"
    )


def test_the_complaint_is_bounded() -> None:
    text = "".join(chr(0x4E00 + number) for number in range(500)) * 20

    with pytest.raises(TextError, match="and 490 more") as caught:
        check(text, ASCII, strict=True)

    assert len(str(caught.value)) < 2000


def test_a_lenient_check_reports_what_it_replaced() -> None:
    coverage = check("água", ASCII, strict=False)

    assert [(one.character, one.positions, one.suggestion) for one in coverage.missing] == [("á", (0,), "a")]
    assert "write 'a'" in coverage.warnings[0]


def test_no_suggestion_is_outside_the_vocabulary() -> None:
    assert check("aço", "aco", strict=False).missing[0].suggestion == "c"
    assert check("aço", "ao", strict=False).missing[0].suggestion == ""


def test_a_list_with_longer_tokens_is_a_vocabulary_too() -> None:
    assert check("oi", ["ni3", "o", "i", "oi"], strict=True).text == "oi"


def test_white_space_is_a_space() -> None:
    assert check("a\tb\n c", "abc", strict=True).text == "a b c"


@pytest.mark.parametrize("text", ["", " ", "...", "你好"])
def test_a_text_of_which_nothing_is_left_is_refused(text: str) -> None:
    with pytest.raises(TextError, match="nothing to say"):
        check(text, ASCII, strict=False)


@pytest.mark.parametrize(("length", "warned"), [(300, False), (301, True)])
def test_above_three_hundred_characters_there_is_a_warning(length: int, warned: bool) -> None:
    warnings = check("a" * length, ASCII, strict=True).warnings

    assert any("split it" in warning for warning in warnings) is warned


@given(
    text=st.text(max_size=80), vocabulary=st.frozensets(st.sampled_from("abcdeéçABC .,!?-'123"), min_size=1)
)
def test_what_is_said_is_within_the_vocabulary(text: str, vocabulary: frozenset[str]) -> None:
    try:
        said = check(text, vocabulary, strict=False).text
    except TextError:
        return
    assert set(said) <= vocabulary | {" "}

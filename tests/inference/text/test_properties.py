"""What holds for every text, in every language."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from voice_server.text import TextError, normalise, normalize_text_ptbr

LANGUAGES = ("pt-BR", "en-US", "es")
_LONGEST_PER_CHARACTER = 40

_WRITTEN = (
    "0 1 2 7 10 21 100 1.000 1.234,56 1,234.56 12,5 3.14 2025 25/12/2025 1/2 3/4 14h30 14:30 8h 8:30 007 1st 3rd "
    "R$ US$ $ € £ % ‰ ° º ª °C km km/h kg m² h min - – — / + = × < > ^ & @ # * _ ~ ( ) [ ] \" ' “ ” … . , ; : ! ? "
    "x X a o e de do da mil milhão milhões mi k K M século séc. Dom Pedro II XIV IV V I C L Dr. Sra. Av. D. S. p. "
    "n. nº etc. ex. S.A. IBGE ONU USP PT É NÃO MUITO CDs www. .com .br joao@x.com https:// www.x.com.br/a 1er 2ª "
    "guarda-chuva 8-17h 10%-20% 2-3 24/7 110/220 jan/24 .5 1990s 3.er 3ª a.a. % CPF senha: +55 11987654321 ha min. in. "
    "AT&T Plano B. Depois Grupo D. Maria Ph.D. S.L. "
    "covid-19 BR-101 pessoas casas dias horas vez janeiro jan December March 25th AM p.m. EUA U.S. J. "
    "K. Rowling vc pq s/n c/ 5/kg (CE) -PR :) <3 kkk ² ³ ½ ¾ ① Ⅷ １２ ٣ 你 好 а б م ש ﬁ 🙂 👩‍👩‍👧 é é ፻ 𒐕"
)
_UNSEEN = (" ", " ", " ", " ", "\n", "\n- ", "\t", "\u200b", "\u202e", "\u0301", "\u00a0", "\x00")
_PIECES = st.sampled_from((*_WRITTEN.split(), *_UNSEEN))
TEXTS = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="0123456789.,-/: hxRS$%ªº°kmKgIVXLCaeABE@#'\"()", max_size=40),
    st.lists(_PIECES, max_size=14).map("".join),
    st.lists(_PIECES, max_size=10).map(" ".join),
)


def said(text: str, language: str) -> str | None:
    try:
        return normalise(text, language)
    except TextError:
        return None


@pytest.mark.parametrize("language", LANGUAGES)
@settings(max_examples=300)
@given(text=TEXTS)
def test_what_was_normalised_stays_as_it_is(language: str, text: str) -> None:
    once = said(text, language)
    if once is not None:
        assert normalise(once, language) == once


@pytest.mark.parametrize("language", LANGUAGES)
@settings(max_examples=300)
@given(text=TEXTS)
def test_no_digit_is_left(language: str, text: str) -> None:
    assert not any(character.isdigit() for character in said(text, language) or "")


@pytest.mark.parametrize("language", LANGUAGES)
@settings(max_examples=300)
@given(text=TEXTS)
@example(text="1234567890" * 50)
@example(text="≥" * 100)
@example(text="½" * 100)
def test_the_words_are_at_most_so_many_times_longer(language: str, text: str) -> None:
    assert len(said(text, language) or "") <= _LONGEST_PER_CHARACTER * (len(text) + 1)


@settings(max_examples=300)
@given(text=TEXTS)
def test_the_lower_case_form_is_in_lower_case(text: str) -> None:
    try:
        lower = normalize_text_ptbr(text)
    except TextError:
        return
    assert lower == lower.lower()

"""Where a text is cut, and that nothing is lost by it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_server.text import split
from voice_server.text.sentences import opened

FOX = "A raposa salta sobre o cão preguiçoso"
WORDS = "a ação casa. Dr. 3.5 sim! não? www.x.com J. ... e, mas; fim. Oi. (ok) 1. 😀 \n \n\n"
TEXTS = st.one_of(
    st.text(max_size=300),
    st.lists(st.sampled_from(WORDS.split(" ")), max_size=60).map(" ".join),
)


def bare(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        (f"{FOX}. {FOX}.", [f"{FOX}.", f"{FOX}."]),
        (f"{FOX}! {FOX}? {FOX}.", [f"{FOX}!", f"{FOX}?", f"{FOX}."]),
        (f'"{FOX}." {FOX}.', [f'"{FOX}."', f"{FOX}."]),
        (f"{FOX}?! ({FOX}.)", [f"{FOX}?!", f"({FOX}.)"]),
        (f"{FOX}\n\n{FOX}", [FOX, FOX]),
        (f"{FOX}\n{FOX.lower()}", [f"{FOX} {FOX.lower()}"]),
    ],
)
def test_a_piece_ends_where_a_sentence_ends(text: str, pieces: list[str]) -> None:
    assert split(text) == pieces


@pytest.mark.parametrize(
    "text",
    [
        "Hoje o Dr. Silva e a Sra. Costa falaram com o Prof. Lima na Av. Paulista.",
        "Mr. Jones met Mrs. Smith and St. Nicholas at No. 5.",
        "El Sr. Pérez vive en la Avda. Central.",
        "A versão 3.5 saiu com o número 1.234.567 dentro dela.",
        "O endereço é www.exemplo.com e nada mais que isso.",
        "O livro de J. K. Rowling e de J. R. R. Tolkien.",
        "Ele parou... Depois seguiu em frente pela rua.",
        "Ele parou… Depois seguiu em frente pela rua.",
        "— Sai daqui! gritou ele para o cão que latia.",
        "Os EUA, ou U.S. Government, em documentos de lá.",
        "Veja a p. 5 e o art. 7 da lei que está em vigor.",
        "1. Faça o bolo com todo o cuidado que puder.",
    ],
)
def test_what_only_looks_like_an_end_is_none(text: str) -> None:
    assert split(text) == [text]


def test_a_piece_that_is_too_short_joins_its_neighbour() -> None:
    assert split(f"Oi. {FOX}. Sim. {FOX}!", least=10) == [f"Oi. {FOX}. Sim.", f"{FOX}!"]


def test_a_short_piece_stays_alone_where_both_would_be_too_long() -> None:
    assert split(f"{FOX}. Oi.", least=10, most=len(FOX) + 1) == [f"{FOX}.", "Oi."]


def test_a_long_sentence_is_cut_at_its_clauses() -> None:
    assert split(f"{FOX}, {FOX}; {FOX}.", most=len(FOX) + 5) == [f"{FOX},", f"{FOX};", f"{FOX}."]


def test_a_long_clause_is_cut_between_words() -> None:
    assert split("um dois três quatro cinco seis", least=1, most=11) == [
        "um dois",
        "três quatro",
        "cinco seis",
    ]


def test_only_a_word_beyond_the_limit_is_cut() -> None:
    assert split("a " + "b" * 25 + " c", least=1, most=10) == ["a", "b" * 10, "b" * 10, "b" * 5 + " c"]


def test_length_is_counted_in_characters_not_bytes() -> None:
    text = "ã" * 500

    assert split(text) == [text]


@pytest.mark.parametrize("text", ["", "  ", "\n\n"])
def test_nothing_gives_no_pieces(text: str) -> None:
    assert split(text) == []


@pytest.mark.parametrize(("least", "most"), [(11, 10), (-1, 10), (0, 0)])
def test_limits_that_contradict_each_other_are_refused(least: int, most: int) -> None:
    with pytest.raises(ValueError, match="write 0 <= least <= most"):
        split("olá", least, most)


@given(text=TEXTS, least=st.integers(0, 20), most=st.integers(20, 120))
def test_nothing_but_white_space_is_lost(text: str, least: int, most: int) -> None:
    assert bare("".join(split(text, least, most))) == bare(text)


@given(text=TEXTS, least=st.integers(0, 20), most=st.integers(20, 120))
def test_no_piece_is_longer_than_the_most(text: str, least: int, most: int) -> None:
    assert all(0 < len(piece) <= most for piece in split(text, least, most))


@given(text=TEXTS, least=st.integers(0, 20), most=st.integers(20, 120))
def test_no_word_that_fits_is_cut(text: str, least: int, most: int) -> None:
    words = [word for piece in split(text, least, most) for word in piece.split()]

    assert [word for word in text.split() if len(word) <= most and word not in words] == []


@given(text=TEXTS, least=st.integers(0, 20), most=st.integers(20, 120))
def test_a_short_piece_has_no_neighbour_that_would_take_it(text: str, least: int, most: int) -> None:
    pieces = split(text, least, most)

    assert not [
        (one, other)
        for one, other in pairwise(pieces)
        if min(len(one), len(other)) < least and len(one) + 1 + len(other) <= most
    ]


@pytest.mark.parametrize(
    ("first", "opening"),
    [
        (f"{FOX}, e depois {FOX}.", [f"{FOX},", f"e depois {FOX}."]),
        (f"Bom dia, {FOX}, e depois {FOX}.", [f"Bom dia, {FOX},", f"e depois {FOX}."]),
        (f"{FOX} e depois {FOX}.", [f"{FOX} e depois {FOX}."]),
        (f"{FOX}, e pronto.", [f"{FOX}, e pronto."]),
        ("Bom dia, Ana, como vai?", ["Bom dia, Ana, como vai?"]),
    ],
)
def test_an_opening_ends_with_a_clause_that_is_long_enough(first: str, opening: list[str]) -> None:
    assert opened([first, "Fim."], 30) == [*opening, "Fim."]


@given(TEXTS)
def test_an_opening_loses_nothing_and_leaves_no_crumb(text: str) -> None:
    pieces = split(f"ok {text}")
    cut = opened(pieces, 20)

    assert bare("".join(cut)) == bare("".join(pieces))
    assert len(cut) == len(pieces) or min(map(len, cut[:2])) >= 20

"""Cutting by bytes without ever cutting a character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_server.engines.google.pieces import pieces, size

TEXTS = st.text(st.sampled_from('aé語😀 .!?。\n"”'), max_size=300) | st.text(max_size=200)


@given(TEXTS, st.integers(4, 60))
def test_no_piece_is_too_long_and_none_is_empty(text: str, most: int) -> None:
    assert all(piece.strip() == piece and 0 < size(piece) <= most for piece in pieces(text, most))


@given(TEXTS, st.integers(4, 60))
def test_nothing_but_white_space_is_lost(text: str, most: int) -> None:
    assert "".join("".join(pieces(text, most)).split()) == "".join(text.split())


@given(
    st.lists(st.sampled_from(["Sim.", "Bom dia.", "É amanhã."]), min_size=1, max_size=30), st.integers(10, 60)
)
def test_no_two_neighbours_would_have_fitted_into_one(parts: list[str], most: int) -> None:
    cut = pieces(" ".join(parts), most)

    firsts = (following.partition(".")[0] for following in cut[1:])
    assert all(size(f"{piece} {first}.") > most for piece, first in zip(cut, firsts, strict=False))


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("Bom dia. Como vai? Bem!", 100, ["Bom dia. Como vai? Bem!"]),
        ("Bom dia. Como vai? Bem!", 12, ["Bom dia.", "Como vai?", "Bem!"]),
        ("Bom dia. Como vai? Bem!", 14, ["Bom dia.", "Como vai? Bem!"]),
        ('Ele disse: "Vá!" Ela foi.', 17, ['Ele disse: "Vá!"', "Ela foi."]),
        ("Custa R$ 3.50 hoje. Sim.", 19, ["Custa R$ 3.50 hoje.", "Sim."]),
        ("uma frase sem fim algum", 10, ["uma frase", "sem fim", "algum"]),
        ("ééééé", 4, ["éé", "éé", "é"]),
        ("😀😀😀", 7, ["😀", "😀", "😀"]),
        ("今日は明日は", 7, ["今日", "は明", "日は"]),
        ("O Dr. Silva veio. Foi bom.", 20, ["O Dr. Silva veio.", "Foi bom."]),
        ("linha um\nlinha dois", 12, ["linha um", "linha dois"]),
        ("linha um\nlinha dois", 99, ["linha um\nlinha dois"]),
        (" \n ", 10, []),
        (" \n " * 9, 10, []),
    ],
)
def test_pieces_end_where_sentences_do_else_where_words_do(text: str, most: int, expected: list[str]) -> None:
    assert pieces(text, most) == expected


def test_the_limit_counts_bytes_and_is_inclusive() -> None:
    assert pieces("é" * 2500) == ["é" * 2500]
    assert [size(piece) for piece in pieces("é" * 2501)] == [5000, 2]

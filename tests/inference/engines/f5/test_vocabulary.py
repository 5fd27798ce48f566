"""Tokens become numbers as upstream's do; what a network never learnt is named, with what would do instead."""

from importlib.resources import files
from pathlib import Path

import pytest
from f5_tts.model.utils import get_tokenizer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.checkpoints import LETTERS, write_vocabulary
from voice_server.engines.base import TextError
from voice_server.engines.f5.checkpoint import CheckpointError
from voice_server.engines.f5.tokenizer import Tokenizer, tokens
from voice_server.engines.f5.vocabulary import MAX_BYTES, Vocabulary, read

STOCK = Path(str(files("f5_tts") / "infer" / "examples" / "vocab.txt"))
FEW = Vocabulary({token: number for number, token in enumerate([" ", *LETTERS, "ni3"])})


def a_file(folder: Path, content: str) -> Path:
    path = folder / "vocab.txt"
    path.write_text(content, encoding="utf-8")
    return path


def test_the_stock_vocabulary_is_read_as_upstream_reads_it() -> None:
    numbers, size = get_tokenizer(str(STOCK), "custom")

    assert dict(read(STOCK, 2545).numbers) == numbers
    assert size == 2545


def test_the_stock_vocabulary_has_all_letters_of_our_languages() -> None:
    stock = read(STOCK, 2545)

    assert [stock.missing(language) for language in ("pt-BR", "en-US", "es")] == ["", "", ""]
    assert stock.suggestion("Ô") == "ô"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.text(st.sampled_from("abã12"), min_size=1, max_size=3), min_size=1, unique=True),
    st.booleans(),
)
def test_any_file_is_read_as_upstream_reads_it(tmp_path: Path, others: list[str], ended: bool) -> None:
    path = a_file(tmp_path, "\n".join([" ", *others]) + "\n" * ended)
    numbers, size = get_tokenizer(str(path), "custom")
    alike = not ended and [" ", *others][-1][:-1] in [" ", *others][:-1]

    if alike:  # upstream's last number is one more than its network has
        assert dict(read(path, size).numbers).keys() == numbers.keys()
    else:
        assert dict(read(path, size).numbers) == numbers


@pytest.mark.parametrize(
    ("content", "size", "known", "cut"),
    [
        (" \na\nã\n", 3, [" ", "a", "ã"], None),
        (" \na\nã", 3, [" ", "a", ""], "ã"),
        (" \nzuo\nzuo4", 2, [" ", "zuo"], "zuo4"),
        (" \nzuo\nzuo4", 3, [" ", "zuo", "zuo4"], None),
        (" \r\na\r\n", 2, [" ", "a"], None),
    ],
)
def test_a_last_line_without_an_end_is_cut_unless_the_count_tells_otherwise(
    tmp_path: Path, content: str, size: int, known: list[str], cut: str | None
) -> None:
    vocabulary = read(a_file(tmp_path, content), size)

    assert (list(vocabulary.numbers), vocabulary.cut) == (known, cut)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (" \na\nb\n", "3 tokens, but the network was trained with 4"),
        (" \na\nb\nc\nd\n", "5 tokens, but the network was trained with 4"),
        (" \na\nb\na\n", r"'a' is there more than once, in lines \[2, 4\]"),
        ("a\nb\nc\nd\n", "line 1 is 'a'; it has to be a space"),
        ("", "0 tokens, but"),
        ("a" * (MAX_BYTES + 1), f"more than {MAX_BYTES} bytes"),
    ],
)
def test_a_file_that_does_not_fit_the_network_is_refused(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        read(a_file(tmp_path, content), 4)


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="No such file or directory; put the training's"):
        read(tmp_path / "none.txt", 4)
    (tmp_path / "vocab.txt").write_bytes(b" \n\xff")
    with pytest.raises(CheckpointError, match="not UTF-8 at byte 2"):
        read(tmp_path / "vocab.txt", 4)


def test_letters_that_a_language_needs_are_missed() -> None:
    assert Vocabulary(dict.fromkeys(" .,!?abcdefghijklmnopqrstuvwxyz'", 0)).missing("pt-BR") == "áàâãéêíóôõúç"


def test_what_is_known_becomes_numbers() -> None:
    assert FEW.encode(tokens("a ba", Tokenizer.CHAR)).numbers == (1, 0, 2, 1)


def test_what_was_never_learnt_is_named_with_what_would_do() -> None:
    with pytest.raises(TextError) as refusal:
        FEW.encode([*"Ôé—Ω😀", "ni4"])

    assert str(refusal.value) == (
        r"this voice never learnt 'Ô' ('ô' would do), '—' ('-' would do), '\u03a9', '\U0001f600', 'ni4'; "
        "write the text without"
    )


@pytest.mark.parametrize(
    ("unknown", "said"),
    [
        ("Ô", "ô"),
        ("Ñ", "n"),
        ("ũ", "u"),
        ("…", "..."),
        ("\u2011", "-"),
        ("ﬁ", "fi"),
        ("😀", " "),
        ("\u200b", ""),
        ("ni4", " "),
    ],
)
def test_leniently_something_near_is_said_and_reported(unknown: str, said: str) -> None:
    encoded = FEW.encode_leniently(["a", unknown, "b"])

    assert encoded.replaced == {unknown: said}
    assert encoded.numbers == FEW.encode(["a", *said, "b"]).numbers


@given(st.text())
def test_leniently_any_text_can_be_said(text: str) -> None:
    FEW.encode_leniently(tokens(text, Tokenizer.CHAR))


def test_a_vocabulary_for_tests_has_the_letters_of_its_language(tmp_path: Path) -> None:
    write_vocabulary(tmp_path / "vocab.txt", 60)

    assert read(tmp_path / "vocab.txt", 60).missing("pt-BR") == ""

"""What is said, written by hand: one file a language, `written => said` in each line."""

from pathlib import Path

import pytest

from voice_server.text import normalise

FOLDER = Path(__file__).parent


def examples(language: str) -> list[tuple[str, str]]:
    """The written and the said of each line that is no heading."""
    lines = (FOLDER / f"{language}.txt").read_text().splitlines()
    return [(written, said) for written, arrow, said in (line.partition(" => ") for line in lines) if arrow]


@pytest.mark.parametrize(("written", "said"), examples("pt_br"))
def test_brazilian_portuguese_is_read_as_a_newsreader_reads_it(written: str, said: str) -> None:
    assert normalise(written, "pt-BR") == said


@pytest.mark.parametrize(("written", "said"), examples("en_us"))
def test_american_english_is_read_as_a_newsreader_reads_it(written: str, said: str) -> None:
    assert normalise(written, "en-US") == said


@pytest.mark.parametrize(("written", "said"), examples("es"))
def test_spanish_is_read_as_a_newsreader_reads_it(written: str, said: str) -> None:
    assert normalise(written, "es") == said


@pytest.mark.parametrize("language", ["pt_br", "en_us", "es"])
def test_what_is_said_stays_as_it_is(language: str) -> None:
    tag = language.replace("_", "-")

    assert [normalise(said, tag) for _, said in examples(language)] == [
        said for _, said in examples(language)
    ]

"""Texts made to hang, crash or flood: each ends in words or in a TextError, in time that grows with its length."""

import random
import time
from contextlib import suppress

import pytest

from support.hostile_texts import hostile
from voice_server.text import TextError, normalise, split

SIZE = 2_000
SECONDS = 15.0
"""One second's worth: what takes time in the square of the size, or worse, takes minutes."""

HOSTILE = hostile(SIZE)
JOINED = (
    "R$ 1 - ",
    "1%-",
    "5 - 3 = ",
    "8h-",
    "1 a 1 ",
    "1 1/2",
    "1 mil de ",
    "senha 1.",
    "1111 ",
    "8h. ",
    "D. A. ",
)


def test_the_corpus_is_large() -> None:
    assert len(set(HOSTILE)) >= 100


@pytest.mark.parametrize("language", ["pt-BR", "en-US", "es"])
@pytest.mark.parametrize("part", range(8))
def test_a_hostile_text_ends_in_words_or_a_text_error(language: str, part: int) -> None:
    began = time.process_time()
    for text in HOSTILE[part::8]:
        with suppress(TextError):
            said = normalise(text, language)
            assert not any(character.isdigit() for character in said)
            assert len(said) <= 40 * len(text)
            assert all(split(said))
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize("language", ["pt-BR", "en-US", "es"])
def test_what_joins_numbers_takes_time_in_proportion_only(language: str) -> None:
    began = time.process_time()
    for joined in JOINED:
        normalise(joined * (20_000 // len(joined)) + " fim", language)
    assert time.process_time() - began < SECONDS


def test_a_random_text_of_every_character_ends_too() -> None:
    chance = random.Random(4)
    text = "".join(chr(chance.randrange(0x110000)) for _ in range(5_000)) + " fim"

    assert normalise(text).endswith("fim")


@pytest.mark.parametrize("run", ["\u0315\u0300", " ", "\n ", "\t\u200b", ".", "- "])
def test_a_very_long_run_takes_time_in_proportion_only(run: str) -> None:
    began = time.process_time()

    assert normalise("a" + run * 150_000 + " fim").endswith("fim")
    assert time.process_time() - began < SECONDS

"""Texts made to hang, crash or flood: each ends in words or in a TextError, in time that grows with its length."""

import random
import time
from contextlib import suppress

import pytest

from support.hostile_texts import hostile
from voice_server.text import TextError, check, normalise, split

ASCII = frozenset("abcdefghijklmnopqrstuvwxyz ,.")
SIZE = 2_000
SECONDS = 15.0
"""One second's worth: what takes time in the square of the size, or worse, takes minutes."""

HOSTILE = hostile(SIZE)


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
            check(said, ASCII, strict=False)
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

"""Texts made to hang, crash or flood: each ends in words or in a TextError, in time that grows with its length."""

import random
import time
from contextlib import suppress

import pytest

from voice_server.text import TextError, check, normalise, split

ASCII = frozenset("abcdefghijklmnopqrstuvwxyz ,.")
SIZE = 2_000
SECONDS = 15.0
"""One second's worth: what takes time in the square of the size, or worse, takes minutes."""

_WRITTEN = (
    "0 1 9 a A é É I V X x - _ . , ; : ! ? ' \" ( ) [ ] { } < > / \\ | @ # $ % ^ & * + = ~ ` ° º ª ² ½ Ⅷ € £ "
    "1. 1, 1/ 1- 1: 1h 1x 1% 1° 1º 1ª 1e 1k 1o R$ R$1 US$1. -1 +1 --1 1-1 1/2 12/12 12/12/ 14:30 14h30- 1.000 "
    "1,000, a. A. a@ a@b a@b. @a #a a_ a- a/ www. http:// a.com a.com/ ../ Dr. D. S. etc. vc IBGE I. II século "
    "km /km +55 (11) 0800 123.456.789- 01310- kkk :) <3 ... ?! )( 你 ا न م 🙂 👩‍👩‍👧 ﷺ ㎞ 𝟙 ﬁ Ａ １ ٣ ①"
)
_UNSEEN = (
    *(" ", "\n", "\n- ", "\t", "\x00", "\u200b", "\u202e", "\ufeff", "\u0301", "\u0301\u0323", "e\u0301"),
    *("\ud800", "\uffff", "1 a ", "1 x ", "1 km/", "século X, ", "1\u00a0234", "a\u00ad"),
)
WHOLE = [
    "1" + "0" * 300,
    "R$ 1" + "0" * 300 + ",00",
    "0," + "9" * 10_000,
    "1." * 10_000 + "1",
    "1" * 5_000 + "º",
    "2" * 5_000 + "/" + "3" * 5_000,
    "9" * 400 + " km",
    "x^" + "9" * 5_000,
    "00:00:00:00" * 500,
    "25/12/" * 2_000,
    "a@" + "b." * 5_000 + "com",
    "http://" + "a" * 10_000 + "/" + "b" * 10_000,
    "#" * 5_000 + "a" * 5_000,
    "I" * 10_000,
    "século " + "X, " * 5_000,
    "Dr. " * 5_000 + "Silva",
    "A. " * 5_000 + "Silva",
    "(" * 10_000 + "a" + ")" * 10_000,
    "-" * 10_000 + "a",
    "a" + "\u0315\u0300\u05ae\u0315" * 5_000,
    "\u202e" * 5_000 + "abc",
    "".join(chr(number) for number in range(0x20, 0xD7FF, 7)),
    "".join(chr(number) for number in range(0x1F000, 0x1FAFF)),
    "R$ R$ R$ 5 US$ 6 %",
    "-+-+-+5",
    "1º2ª3°4%5km6h7",
    "<script>alert(1)</script>",
    "'; DROP TABLE vozes; --",
    "{{7*7}} ${7*7} %s %n",
    "../../etc/passwd",
    "NaN inf -inf 1e309 0x1F 1e-5",
    "<speak><break time='10s'/></speak>",
]
HOSTILE = [(each * (SIZE // len(each))) for each in (*_WRITTEN.split(), *_UNSEEN)] + WHOLE


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

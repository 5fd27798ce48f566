"""Text is read exactly as f5-tts read the training texts, whichever segmenter that had."""

import json
import sys
from pathlib import Path

import pytest
from f5_tts.model.utils import convert_char_to_pinyin
from hypothesis import given, settings
from hypothesis import strategies as st

from voice_server.engines.base import TextError
from voice_server.engines.f5.tokenizer import Tokenizer, tokens

VECTORS = Path(__file__).with_name("vectors")
PINYIN = [each for each in Tokenizer if each is not Tokenizer.CHAR]
LATIN = st.text(
    st.one_of(
        st.sampled_from(
            "aeiouãçéôñÁÕ 0123456789.,;:-_%+#&'\"?!()/@$€\n\u201c\u201d\u2018\u2019—…ªº😀👍🏽\u0301\u200b"
        ),
        st.characters(codec="utf-8", max_codepoint=0x2FFF),
    )
)
"""Every alphabet and symbol up to where Chinese begins, what segmenters care for more often."""
WORDS = st.lists(st.sampled_from([*"ab1 .-_%+", "é", "AT&T", "C++", "c#", "\r\n", "..."])).map("".join)
CHINESE = st.text(st.sampled_from("你好世界中国人民银行长了不一个的ㄅ\u3007㐀𠀀ab1 .-&ã,。"))


@pytest.mark.parametrize("tokenizer", PINYIN)
def test_each_segmenter_leaves_its_own_marks(tokenizer: Tokenizer) -> None:
    document = json.loads((VECTORS / f"{tokenizer}.json").read_text(encoding="utf-8"))

    for text, spelled in document["vectors"].items():
        assert "".join(tokens(text, tokenizer)) == spelled


def test_the_segmenters_differ_where_words_are_joined() -> None:
    read = ["".join(tokens("guarda-chuva, água, 10-50", each)) for each in Tokenizer]

    assert read == [
        "guarda-chuva, á gua, 10-50",
        "guarda- chuva, á gua, 10-50",
        "guarda- chuva, á gua, 10- 50",
        "guarda-chuva, água, 10-50",
    ]


@settings(max_examples=1000)
@given(LATIN | WORDS)
def test_any_text_is_read_as_upstream_reads_it(text: str) -> None:
    assert tokens(text, Tokenizer.PINYIN) == convert_char_to_pinyin([text])[0]


@settings(max_examples=500)
@given(CHINESE)
def test_chinese_is_read_as_upstream_reads_it(text: str) -> None:
    assert tokens(text, Tokenizer.PINYIN) == convert_char_to_pinyin([text])[0]


def test_chinese_is_read_in_syllables() -> None:
    assert tokens("a 你好", Tokenizer.PINYIN) == ["a", " ", " ", "ni2", " ", "hao3"]


def test_only_the_segmenter_at_hand_reads_chinese() -> None:
    with pytest.raises(TextError, match="pinyin-jieba; write the text without them"):
        tokens("你好", Tokenizer.PINYIN_JIEBA)


def test_latin_text_needs_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rjieba", None)
    monkeypatch.setitem(sys.modules, "pypinyin", None)

    assert tokens("oi", Tokenizer.PINYIN) == ["o", "i"]
    with pytest.raises(TextError, match=r"pypinyin is not installed \(voice-rollout\[f5-pinyin\]\)"):
        tokens("你好", Tokenizer.PINYIN)


@pytest.mark.parametrize("text", ["\ud800 oi", "你\ud800好"])
@pytest.mark.parametrize("tokenizer", [Tokenizer.PINYIN, Tokenizer.CHAR])
def test_half_a_character_is_no_accident(text: str, tokenizer: Tokenizer) -> None:
    assert tokens(text, tokenizer)

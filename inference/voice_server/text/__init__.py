"""Text as voices need it: numbers and signs in words, in pieces that can be spoken, checked against a vocabulary.

>>> for piece in split(normalise("A Dra. Ana pagou R$ 1.234,50 às 14h30.")):
...     check(piece, vocabulary, strict=False).text
"""

from voice_server.text.coverage import Coverage, Missing, check
from voice_server.text.errors import TextError
from voice_server.text.pipeline import normalise
from voice_server.text.sentences import split

__all__ = ["Coverage", "Missing", "TextError", "check", "normalise", "normalize_text_ptbr", "split"]


def normalize_text_ptbr(text: str) -> str:
    """`text` in Brazilian Portuguese words and lower case; TextError where there is nothing to say."""
    return normalise(text, "pt-BR").lower()

"""Text as voices need it: numbers and signs in words, in pieces that can be spoken.

>>> split(normalise("A Dra. Ana saiu às 8h."))
['A Doutora Ana saiu às oito horas.']
"""

from voice_server.text.errors import TextError
from voice_server.text.pipeline import normalise
from voice_server.text.sentences import split

__all__ = ["TextError", "normalise", "normalize_text_ptbr", "split"]


def normalize_text_ptbr(text: str) -> str:
    """`text` in Brazilian Portuguese words and lower case; TextError where there is nothing to say."""
    return normalise(text, "pt-BR").lower()

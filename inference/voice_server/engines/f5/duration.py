"""How long a text will take: a voice goes on at the pace of its reference (docs/decisions/0027)."""

import unicodedata

SHORT = 10
SLOWLY = 0.3
"""Texts that weigh less than SHORT are spoken at this speed: at their share of frames the network swallows them."""


def frames(reference_frames: int, reference_text: str, text: str, speed: float = 1.0) -> int:
    """How many frames of mel the text needs; `speed` 2.0 halves them, and has to be above 0.

    The first of the reference's frames stands half before its first sample, so it lasts a frame less than it has.
    ValueError when the reference says nothing: then it has no pace.
    """
    said = weight(reference_text)
    if not said:
        raise ValueError("the reference has no text, so nobody knows how fast it speaks; write what it says")
    if weight(text) < SHORT:
        speed *= SLOWLY
    return int((reference_frames - 1) / said * weight(text) / speed)


def weight(text: str) -> int:
    """How much there is to say: one a letter of the Latin alphabet, accent or not, three a Chinese character.

    UTF-8 bytes, as upstream counts, without those that only write an accent, for an accent takes no time.
    """
    return sum(
        len(unicodedata.normalize("NFD", letter)[0].encode()) for letter in unicodedata.normalize("NFC", text)
    )

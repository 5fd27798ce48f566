"""How long a text will take: a voice goes on at the pace of its reference (docs/decisions/0027)."""

import unicodedata

from voice_server.engines.f5.mel import HOP, SAMPLE_RATE

FASTEST, SLOWEST = 2.0, 30.0
"""Frames a character. People say 8 to 25 of them a second, pauses included, which is 4 to 12 frames each. Beyond 47 and
3 a second, about twice as fast and half as slow, the reference says other words. Within them it has more frames than
characters, so that there is one for each token.
"""
SHORT = 10
SLOWLY = 0.3
"""Texts that weigh less than SHORT are spoken at this speed: at their share of frames the network swallows them."""


class PaceError(ValueError):
    """Nobody speaks so fast, or so slowly; the message says what is wrong with the words."""


def pace(reference_frames: int, reference_text: str) -> float:
    """The frames that the reference takes for each letter of its text; PaceError when it cannot be its text.

    The first of the reference's frames stands half before its first sample, so it lasts a frame less than it has.
    """
    lasts, said = reference_frames - 1, weight(reference_text)
    if said and FASTEST * said <= lasts <= SLOWEST * said:
        return lasts / said
    amount = "many" if FASTEST * said > lasts else "few"
    raise PaceError(
        f"written out, these are {said} characters, too {amount} for {lasts * HOP / SAMPLE_RATE:.1f} s of speech; "
        "write all that is said there, and nothing else"
    )


def lasting(pace: float, text: str, speed: float = 1.0) -> int:
    """How many frames of mel the text needs at that pace; `speed` 2.0 halves them, and has to be above 0."""
    if weight(text) < SHORT:
        speed *= SLOWLY
    return int(pace * weight(text) / speed)


def weight(text: str) -> int:
    """How much there is to say: one a letter of the Latin alphabet, accent or not, three a Chinese character.

    UTF-8 bytes, as upstream counts, without those that only write an accent, for an accent takes no time.
    """
    return sum(
        len(unicodedata.normalize("NFD", letter)[0].encode()) for letter in unicodedata.normalize("NFC", text)
    )

"""Cuts a text into the pieces that one request may hold, counted in UTF-8 bytes."""

import re
from collections.abc import Iterable, Iterator

from voice_server.text import split

MOST_BYTES = 5000


def pieces(text: str, most: int = MOST_BYTES) -> list[str]:
    """The text itself where it is short enough, else as few pieces of at most `most` bytes as whole sentences allow.

    A sentence that is longer by itself is cut between words, a word that is longer between characters. White space is
    lost around pieces and becomes one space between the sentences in them.
    """
    if size(text.strip()) <= most:
        return [text.strip()] if text.strip() else []
    return list(_packed(_shortened(split(text, least=0, most=most), most), most))


def size(text: str) -> int:
    """Bytes as the service counts them."""
    return len(text.encode())


def _shortened(sentences: Iterable[str], most: int) -> Iterator[str]:
    for sentence in sentences:
        rest = sentence.strip()
        while size(rest) > most:
            head = _head(rest, most)
            yield head.strip()
            rest = rest[len(head) :].strip()
        if rest:
            yield rest


def _head(text: str, most: int) -> str:
    head = text.encode()[:most].decode(errors="ignore")
    if text[len(head)].isspace():
        return head
    words = re.match(r".*\s", head, re.DOTALL)
    return words.group() if words else head


def _packed(parts: Iterable[str], most: int) -> Iterator[str]:
    piece = ""
    for part in parts:
        longer = f"{piece} {part}" if piece else part
        if size(longer) > most:
            yield piece
            longer = part
        piece = longer
    if piece:
        yield piece

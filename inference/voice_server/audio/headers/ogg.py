"""Ogg, with Opus or Vorbis in it."""

import struct
from dataclasses import replace

from voice_server.audio.headers.base import MOST_BLOCKS, Claim, cut_short
from voice_server.audio.pcm import AudioError

_PAGE = struct.Struct("<4sBBqIIIB")
_OPUS = struct.Struct("<8sBBH")
_VORBIS = struct.Struct("<7sIBI")
_OPUS_RATE = 48_000


def is_ogg(data: bytes) -> bool:
    return data[:4] == b"OggS"


def claim(data: bytes) -> Claim:
    stream, skipped = _stream(data)
    last, _, _ = _page(data, data.rfind(b"OggS"))
    return replace(stream, frames=max(0, last - skipped))


def begun(data: bytes) -> bool:
    """Whether a whole page with sound has come."""
    _, skipped = _stream(data)
    offset = 0
    for _ in range(MOST_BLOCKS):
        position, _, offset = _page(data, offset)
        if position > skipped:
            return True
    raise AudioError(f"the Ogg file has more than {MOST_BLOCKS} pages before its sound")


def _stream(data: bytes) -> tuple[Claim, int]:
    """What the first page says, and how many samples are not to be heard."""
    _, packet, _ = _page(data, 0)
    if packet[:8] == b"OpusHead" and len(packet) >= _OPUS.size:
        _, _, channels, skipped = _OPUS.unpack_from(packet)
        return Claim("ogg", _OPUS_RATE, channels), skipped
    if packet[:7] == b"\1vorbis" and len(packet) >= _VORBIS.size:
        _, _, channels, rate = _VORBIS.unpack_from(packet)
        return Claim("ogg", rate, channels), 0
    raise AudioError("the Ogg file holds neither Opus nor Vorbis")


def _page(data: bytes, offset: int) -> tuple[int, bytes, int]:
    """Up to which sample the page at `offset` goes, what is in it, and where it ends (RFC 3533)."""
    there = len(data) - offset
    if there < _PAGE.size:
        raise cut_short("a page's header", there, _PAGE.size)
    magic, _, _, position, _, _, _, segments = _PAGE.unpack_from(data, offset)
    if magic != b"OggS":
        raise AudioError("the Ogg file breaks between two pages")
    lengths = data[offset + _PAGE.size : offset + _PAGE.size + segments]
    head = _PAGE.size + segments
    if there < head + sum(lengths) or len(lengths) < segments:
        raise cut_short("a page", there, head + sum(lengths))
    end = offset + head + sum(lengths)
    return position, data[offset + head : end], end

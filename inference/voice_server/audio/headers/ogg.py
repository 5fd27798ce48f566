"""Ogg, with Opus or Vorbis in it."""

import struct

from voice_server.audio.headers.base import Claim, cut_short
from voice_server.audio.pcm import AudioError

_PAGE = struct.Struct("<4sBBqIIIB")
_OPUS = struct.Struct("<8sBBH")
_VORBIS = struct.Struct("<7sIBI")
_OPUS_RATE = 48_000


def is_ogg(data: bytes) -> bool:
    return data[:4] == b"OggS"


def claim(data: bytes) -> Claim:
    _, packet = _page(data, 0)
    last, _ = _page(data, data.rfind(b"OggS"))
    if packet[:8] == b"OpusHead" and len(packet) >= _OPUS.size:
        _, _, channels, skipped = _OPUS.unpack_from(packet)
        return Claim("ogg", _OPUS_RATE, channels, max(0, last - skipped))
    if packet[:7] == b"\1vorbis" and len(packet) >= _VORBIS.size:
        _, _, channels, rate = _VORBIS.unpack_from(packet)
        return Claim("ogg", rate, channels, max(0, last))
    raise AudioError("the Ogg file holds neither Opus nor Vorbis")


def _page(data: bytes, offset: int) -> tuple[int, bytes]:
    """Up to which sample the page at `offset` goes, and what is in it (RFC 3533)."""
    there = len(data) - offset
    if there < _PAGE.size:
        raise cut_short("a page's header", there, _PAGE.size)
    _, _, _, position, _, _, _, segments = _PAGE.unpack_from(data, offset)
    lengths = data[offset + _PAGE.size : offset + _PAGE.size + segments]
    head = _PAGE.size + segments
    if there < head + sum(lengths) or len(lengths) < segments:
        raise cut_short("a page", there, head + sum(lengths))
    return position, data[offset + head : offset + head + sum(lengths)]

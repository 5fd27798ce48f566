"""Native FLAC."""

import struct

from voice_server.audio.headers.base import MOST_BLOCKS, Claim, cut_short
from voice_server.audio.pcm import AudioError

_BLOCKS = 4
_STREAM_INFO = struct.Struct(">10xQ16x")
_LAST, _TYPE = 0x80, 0x7F
_SYNC = 0xFFF8


def is_flac(data: bytes) -> bool:
    return data[:4] == b"fLaC"


def claim(data: bytes) -> Claim:
    offset, last = _block(data, _BLOCKS)
    if data[_BLOCKS] & _TYPE or offset - _BLOCKS - 4 != _STREAM_INFO.size:
        raise AudioError("the FLAC file does not begin with its stream's description")
    (packed,) = _STREAM_INFO.unpack_from(data, _BLOCKS + 4)
    for _ in range(MOST_BLOCKS):
        if last:
            break
        offset, last = _block(data, offset)
    else:
        raise AudioError(f"the FLAC file has more than {MOST_BLOCKS} blocks before its sound")
    if int.from_bytes(data[offset : offset + 2]) & ~1 != _SYNC:
        raise AudioError("the FLAC file ends, or breaks, where its sound should begin")
    return Claim("flac", packed >> 44, (packed >> 41 & 7) + 1, packed & (1 << 36) - 1 or None)


def _block(data: bytes, offset: int) -> tuple[int, bool]:
    """Where the metadata block at `offset` ends, and whether it is the last."""
    if len(data) < offset + 4:
        raise cut_short("a block's header", max(0, len(data) - offset), 4)
    end = offset + 4 + int.from_bytes(data[offset + 1 : offset + 4])
    if end > len(data):
        raise cut_short("a block before its sound", len(data) - offset, end - offset)
    return end, bool(data[offset] & _LAST)

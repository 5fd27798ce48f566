"""Native FLAC."""

import struct

from voice_server.audio.headers.base import MOST_BLOCKS, Claim, CutShortError, cut_short
from voice_server.audio.pcm import AudioError

_BLOCKS = 4
_STREAM_INFO = struct.Struct(">10xQ16x")
_LAST, _TYPE = 0x80, 0x7F
_SYNC, _SYNC_BYTES = 0xFFF8, 2
_LONGEST_FRAME_HEAD = 16
_NO_SOUND = "the FLAC file ends, or breaks, where its sound should begin"


def is_flac(data: bytes) -> bool:
    return data[:4] == b"fLaC"


def claim(data: bytes) -> Claim:
    _sound(data)
    (packed,) = _STREAM_INFO.unpack_from(data, _BLOCKS + 4)
    return Claim("flac", packed >> 44, (packed >> 41 & 7) + 1, packed & (1 << 36) - 1 or None)


def begun(data: bytes) -> bool:
    """Whether something has come behind the head of the first frame of sound."""
    claim(data)
    return len(data) > _sound(data) + _LONGEST_FRAME_HEAD


def _sound(data: bytes) -> int:
    """Where it begins."""
    offset, last = _block(data, _BLOCKS)
    if data[_BLOCKS] & _TYPE or offset - _BLOCKS - 4 != _STREAM_INFO.size:
        raise AudioError("the FLAC file does not begin with its stream's description")
    for _ in range(MOST_BLOCKS):
        if last:
            break
        offset, last = _block(data, offset)
    else:
        raise AudioError(f"the FLAC file has more than {MOST_BLOCKS} blocks before its sound")
    if len(data) < offset + _SYNC_BYTES:
        raise CutShortError(_NO_SOUND)
    if int.from_bytes(data[offset : offset + _SYNC_BYTES]) & ~1 != _SYNC:
        raise AudioError(_NO_SOUND)
    return offset


def _block(data: bytes, offset: int) -> tuple[int, bool]:
    """Where the metadata block at `offset` ends, and whether it is the last."""
    if len(data) < offset + 4:
        raise cut_short("a block's header", max(0, len(data) - offset), 4)
    end = offset + 4 + int.from_bytes(data[offset + 1 : offset + 4])
    if end > len(data):
        raise cut_short("a block before its sound", len(data) - offset, end - offset)
    return end, bool(data[offset] & _LAST)

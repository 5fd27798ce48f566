"""MPEG audio layer III, behind the ID3v2 tag that players put before it."""

from dataclasses import dataclass

from voice_server.audio.headers.base import Claim, CutShortError, cut_short
from voice_server.audio.pcm import AudioError

_TAG = 10
_FOOTER = 0x10
_MOST_PADDING = 4096
_RATES = (44_100, 48_000, 32_000)
_FULL_KBITS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_HALF_KBITS = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_HEAD = 4
_SYNC_AND_LAYER, _LAYER_III = 0xFFE6, 0xFFE2
_MONO = 3
_SEVEN_BITS = 0x7F
_SAYS_FRAMES, _SAYS_BYTES = 1, 2
_NO_FRAMES = "the MP3 file does not begin with two frames of MPEG layer III"


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame's header: `halvings` of the rates of MPEG-1 (MPEG-2: 1, MPEG-2.5: 2)."""

    halvings: int
    rate: int
    channels: int
    length: int

    @property
    def samples(self) -> int:
        return 576 if self.halvings else 1152

    @property
    def side_information(self) -> int:
        """Bytes between the header and what the encoder says of the whole file."""
        return {(0, 1): 17, (0, 2): 32}.get((self.halvings, self.channels), 9 if self.channels == 1 else 17)


def is_mpeg(data: bytes) -> bool:
    return data[:3] == b"ID3" or frame(data[:_HEAD]) is not None


def claim(data: bytes) -> Claim:
    start = _behind_tag(data)
    first, _ = _two_frames(data, start)
    return Claim("mp3", first.rate, first.channels, _frames(data, start, first), start)


def begun(data: bytes) -> bool:
    """Whether a whole frame of sound has come, and the next one's head."""
    start = _behind_tag(data)
    first, second = _two_frames(data, start)
    return not _describes_file(data, start, first) or len(data) >= start + first.length + second.length


def _two_frames(data: bytes, start: int) -> tuple[Frame, Frame]:
    first = _frame_at(data, start)
    second = _frame_at(data, start + first.length)
    if (first.rate, first.halvings) != (second.rate, second.halvings):
        raise AudioError(_NO_FRAMES)
    return first, second


def _frame_at(data: bytes, at: int) -> Frame:
    head = data[at : at + _HEAD]
    if len(head) < _HEAD:
        raise CutShortError(_NO_FRAMES)
    found = frame(head)
    if found is None:
        raise AudioError(_NO_FRAMES)
    return found


def frame(head: bytes) -> Frame | None:
    """The header in 4 bytes, as ISO/IEC 11172-3 and 13818-3 lay it out; None where there is none."""
    if len(head) < _HEAD or int.from_bytes(head[:2]) & _SYNC_AND_LAYER != _LAYER_III:
        return None
    version, bits, rate, padding = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    halvings = {3: 0, 2: 1, 0: 2}.get(version)
    if halvings is None or not 0 < bits <= len(_FULL_KBITS) or rate >= len(_RATES):
        return None
    hertz = _RATES[rate] >> halvings
    kbits = (_HALF_KBITS if halvings else _FULL_KBITS)[bits - 1]
    length = (72 if halvings else 144) * kbits * 1000 // hertz + padding
    return Frame(halvings, hertz, 1 if head[3] >> 6 == _MONO else 2, length)


def _behind_tag(data: bytes) -> int:
    start = 0
    if data[:3] == b"ID3":
        if len(data) < _TAG or max(data[6:10]) > _SEVEN_BITS:
            raise AudioError("the MP3 file's ID3 tag is broken")
        size = data[6] << 21 | data[7] << 14 | data[8] << 7 | data[9]
        start = _TAG + size + (_TAG if data[5] & _FOOTER else 0)
    if start > len(data):
        raise cut_short("its ID3 tag", len(data), start)
    padded = data[start : start + _MOST_PADDING]
    return start + len(padded) - len(padded.lstrip(b"\0"))


def _describes_file(data: bytes, start: int, first: Frame) -> bool:
    """Whether the first frame is one of silence, in which encoders leave the Xing header."""
    at = start + _HEAD + first.side_information
    return data[at : at + 4] in {b"Xing", b"Info"}


def _frames(data: bytes, start: int, first: Frame) -> int | None:
    """Samples a channel by the Xing header."""
    if not _describes_file(data, start, first):
        return None
    at = start + _HEAD + first.side_information
    flags = int.from_bytes(data[at + 4 : at + 8])
    frames, size = int.from_bytes(data[at + 8 : at + 12]), int.from_bytes(data[at + 12 : at + 16])
    if flags & _SAYS_FRAMES and flags & _SAYS_BYTES and size > len(data):
        raise cut_short("its sound", len(data), size)
    return frames * first.samples if flags & _SAYS_FRAMES else None

"""RIFF WAVE."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from voice_server.audio.headers.base import MOST_BLOCKS, Claim, CutShortError, cut_short
from voice_server.audio.pcm import AudioError

_CHUNK = struct.Struct("<4sI")
_FORMAT = struct.Struct("<HHIIHH")
_EXTENSIBLE = 0xFFFE
_CODING_IN_EXTENSION = 24
INTEGER, FLOAT, A_LAW, MU_LAW = 1, 3, 6, 7
_BITS = {INTEGER: (8, 16, 24, 32), FLOAT: (32, 64), A_LAW: (8,), MU_LAW: (8,)}
_STREAMED = 0x7FFFF000
"""A program that writes into a pipe leaves this size, a larger one or 0, for it cannot know."""


@dataclass(frozen=True, slots=True)
class Form:
    """How samples are written."""

    coding: int
    bits: int
    channels: int
    rate: int

    @property
    def frame(self) -> int:
        """The bytes of one sample a channel; never 0."""
        return self.channels * self.bits // 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout(Claim):
    """A claim that can be read as it lies: `frames` of that form from the byte `offset` on, all within the file."""

    frames: int
    form: Form


def is_wav(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WAVE"


def claim(data: bytes) -> Layout:
    """How a WAV file is to be read; AudioError where its header is broken, or claims more than is there."""
    form, start, size = _opening(data)
    return _layout(form, start, _sound(size, len(data) - start))


def begun(data: bytes) -> bool:
    """Whether a whole frame of sound has come."""
    form, start, _ = _opening(data)
    return len(data) - start >= form.frame


def _opening(data: bytes) -> tuple[Form, int, int]:
    """How samples are written, where they begin, and how many bytes of them are claimed."""
    form: Form | None = None
    for name, start, size in _chunks(data):
        if name == b"data" and form:
            return form, start, size
        if name == b"data":
            raise AudioError("the WAV file does not say its format before its sound")
        there = len(data) - start
        if size > there:
            raise cut_short(f"its chunk {name!r}", there, size)
        if name == b"fmt ":
            form = _format(data[start : start + size])
    raise CutShortError("the WAV file ends before its sound begins")


def _layout(form: Form, start: int, size: int) -> Layout:
    return Layout("wav", form.rate, form.channels, frames=size // form.frame, offset=start, form=form)


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    offset = 12
    for _ in range(MOST_BLOCKS):
        if offset + _CHUNK.size > len(data):
            return
        name, size = _CHUNK.unpack_from(data, offset)
        offset += _CHUNK.size
        yield name, offset, size
        offset += size + size % 2
    raise AudioError(f"the WAV file has more than {MOST_BLOCKS} chunks before its sound")


def _format(chunk: bytes) -> Form:
    if len(chunk) < _FORMAT.size:
        raise AudioError(f"the WAV file's format has {len(chunk)} bytes, not {_FORMAT.size}")
    coding, channels, rate, _, frame, bits = _FORMAT.unpack_from(chunk)
    if coding == _EXTENSIBLE and len(chunk) >= _CODING_IN_EXTENSION + 2:
        coding = int.from_bytes(chunk[_CODING_IN_EXTENSION : _CODING_IN_EXTENSION + 2], "little")
    if bits not in _BITS.get(coding, ()):
        raise AudioError(f"the WAV file holds {bits} bits of coding {coding}; save it as 16-bit PCM")
    if not frame or frame != channels * bits // 8:
        raise AudioError(f"the WAV file's frames of {frame} bytes are not {channels} samples of {bits} bits")
    if not rate:
        raise AudioError("the WAV file has no samples in a second")
    return Form(coding, bits, channels, rate)


def _sound(size: int, there: int) -> int:
    if size >= _STREAMED or not size:
        return there
    if size > there:
        raise cut_short("its sound", there, size)
    return size

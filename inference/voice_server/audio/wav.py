"""RIFF WAVE, the part of it that speech needs: one chunk of mono 16-bit PCM."""

import struct

from voice_server.audio.pcm import SAMPLE_BYTES, Audio, AudioError

_PCM = 1
_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_FORMAT = struct.Struct("<HHIIHH")
_CHUNK = struct.Struct("<4sI")
_STREAMED = 0x7FFFF000
"""Programs that write into a pipe cannot know the length: they leave this size or a larger one."""


def encode(audio: Audio) -> bytes:
    """A complete WAV file."""
    size = len(audio.samples)
    rate = audio.sample_rate
    header = _HEADER.pack(
        b"RIFF", size + _HEADER.size - 8, b"WAVE",
        b"fmt ", _FORMAT.size, _PCM, 1, rate, rate * SAMPLE_BYTES, SAMPLE_BYTES, 8 * SAMPLE_BYTES,
        b"data", size,
    )  # fmt: skip
    return header + audio.samples


def decode(data: bytes) -> Audio:
    """The sound in a WAV file; AudioError when it is cut short or is not mono 16-bit PCM."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise AudioError(f"not a WAV file: {len(data)} bytes that do not start with RIFF and WAVE")
    rate: int | None = None
    offset = 12
    while offset + _CHUNK.size <= len(data):
        name, size = _CHUNK.unpack_from(data, offset)
        offset += _CHUNK.size
        if name == b"data":
            return _sound(data[offset:], size, rate)
        if name == b"fmt ":
            rate = _sample_rate(data[offset : offset + size])
        offset += size + size % 2
    raise AudioError("the WAV file ends before its sound begins")


def _sample_rate(chunk: bytes) -> int:
    if len(chunk) < _FORMAT.size:
        raise AudioError("the WAV file's format is cut short")
    coding, channels, rate, _, _, bits = _FORMAT.unpack_from(chunk)
    if (coding, channels, bits) != (_PCM, 1, 8 * SAMPLE_BYTES) or not rate:
        raise AudioError(
            f"the WAV file is not mono 16-bit PCM: coding {coding}, {channels} channels, {bits} bits"
        )
    return int(rate)


def _sound(rest: bytes, size: int, rate: int | None) -> Audio:
    if rate is None:
        raise AudioError("the WAV file does not say its format before its sound")
    if size >= _STREAMED:
        return Audio(rest, rate)
    if size > len(rest):
        raise AudioError(f"the WAV file is cut short: {len(rest)} of {size} bytes of sound")
    return Audio(rest[:size], rate)

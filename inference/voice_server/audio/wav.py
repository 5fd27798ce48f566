"""RIFF WAVE, the part of it that speech needs: one chunk of mono 16-bit PCM."""

import struct
from collections.abc import Mapping

from voice_server.audio.pcm import SAMPLE_BYTES, Audio, AudioError

_PCM = 1
_FORMAT = struct.Struct("<HHIIHH")
_CHUNK = struct.Struct("<4sI")
_STREAMED = 0x7FFFF000
"""Programs that write into a pipe cannot know the length: they leave this size or a larger one."""
_UNKNOWN = 0xFFFFFFFF


def encode(audio: Audio, info: Mapping[str, str] | None = None) -> bytes:
    """A complete WAV file; `info` is written as its LIST/INFO chunk, by four-letter names such as ICMT."""
    return file(_before_sound(audio.sample_rate, info or {}) | {"data": audio.samples})


def head(rate: int, info: Mapping[str, str]) -> bytes:
    """A WAV file up to its sound, where nobody knows yet how long that will be; samples at `rate` follow."""
    said = b"".join(_chunk(name, content) for name, content in _before_sound(rate, info).items())
    return _CHUNK.pack(b"RIFF", _UNKNOWN) + b"WAVE" + said + _CHUNK.pack(b"data", _UNKNOWN)


def _before_sound(rate: int, info: Mapping[str, str]) -> dict[str, bytes]:
    form = _FORMAT.pack(_PCM, 1, rate, rate * SAMPLE_BYTES, SAMPLE_BYTES, 8 * SAMPLE_BYTES)
    said = b"".join(_chunk(name, text.encode("ascii", "replace") + b"\0") for name, text in info.items())
    return {"fmt ": form} | ({"LIST": b"INFO" + said} if said else {})


def file(chunks: Mapping[str, bytes]) -> bytes:
    """A RIFF WAVE file of these chunks, by four-letter names."""
    return _chunk("RIFF", b"WAVE" + b"".join(_chunk(name, content) for name, content in chunks.items()))


def _chunk(name: str, content: bytes) -> bytes:
    return _CHUNK.pack(name.encode(), len(content)) + content + b"\0" * (len(content) % 2)


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

"""Sound files' headers, read without decoding anything."""

from collections.abc import Callable

from voice_server.audio.headers import flac, mpeg, ogg, riff
from voice_server.audio.headers.base import Claim, Container, CutShortError
from voice_server.audio.pcm import AudioError

_Kind = tuple[Callable[[bytes], bool], Callable[[bytes], Claim], Callable[[bytes], bool]]
_KINDS: dict[Container, _Kind] = {
    "wav": (riff.is_wav, riff.claim, riff.begun),
    "flac": (flac.is_flac, flac.claim, flac.begun),
    "ogg": (ogg.is_ogg, ogg.claim, ogg.begun),
    "mp3": (mpeg.is_mpeg, mpeg.claim, mpeg.begun),
}
_TOLD_APART_BY = 12
"""Bytes by which each is known."""


def claim(data: bytes) -> Claim:
    """What the file says of itself; AudioError where it is none of these, or is broken or cut short there."""
    _, read, _ = _KINDS[_container(data)]
    return read(data)


def begun(data: bytes) -> Container | None:
    """What the file is as soon as some sound of it has come; AudioError where more bytes could not bring any."""
    if len(data) < _TOLD_APART_BY:
        return None
    container = _container(data)
    _, _, has_begun = _KINDS[container]
    try:
        return container if has_begun(data) else None
    except CutShortError:
        return None


def _container(data: bytes) -> Container:
    for name, (is_it, _, _) in _KINDS.items():
        if is_it(data):
            return name
    raise AudioError(f"not a WAV, MP3, FLAC or Ogg file: {len(data)} bytes that begin like none of them")

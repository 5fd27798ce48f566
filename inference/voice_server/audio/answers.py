"""Whether an engine's answer is what its media type says: a file with sound in it, whole or on its way."""

from voice_server.audio import headers
from voice_server.audio.headers.base import Container
from voice_server.audio.pcm import AudioError

_CONTAINERS: dict[str, Container] = {
    "audio/flac": "flac", "audio/x-flac": "flac",
    "audio/mpeg": "mp3", "audio/mp3": "mp3",
    "audio/ogg": "ogg", "audio/opus": "ogg",
    "audio/vnd.wave": "wav", "audio/wav": "wav", "audio/wave": "wav", "audio/x-wav": "wav",
}  # fmt: skip
MOST_BEFORE_SOUND = 1024 * 1024
"""Bytes: more than tags and pictures take that anybody puts before speech."""


def check(body: bytes, media_type: str) -> None:
    """AudioError for what cannot be heard; of types that are not known here, only emptiness is noticed."""
    expected = _container(media_type)
    if not body:
        raise AudioError("0 bytes of audio")
    if expected:
        _compare(media_type, expected, headers.claim(body).container)


def begun(head: bytes, media_type: str) -> bool:
    """Whether an answer that begins so can be heard already; AudioError where, by its head, it never can.

    Of types that are not known here any byte will do.
    """
    expected = _container(media_type)
    if expected is None:
        return bool(head)
    found = headers.begun(head)
    if found:
        _compare(media_type, expected, found)
    elif len(head) > MOST_BEFORE_SOUND:
        raise AudioError(f"no sound in its first {MOST_BEFORE_SOUND} bytes")
    return found is not None


def _container(media_type: str) -> Container | None:
    kind = _kind(media_type)
    if not kind.startswith("audio/"):
        raise AudioError(f"media type {kind or 'missing'}")
    return _CONTAINERS.get(kind)


def _compare(media_type: str, expected: Container, found: Container) -> None:
    if found != expected:
        raise AudioError(f"media type {_kind(media_type)}, but the file is {found}")


def _kind(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()

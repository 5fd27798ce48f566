"""Whether an engine's answer is what its media type says: a whole file with sound in it."""

from voice_server.audio import headers
from voice_server.audio.headers.base import Container
from voice_server.audio.pcm import AudioError

_CONTAINERS: dict[str, Container] = {
    "audio/flac": "flac", "audio/x-flac": "flac",
    "audio/mpeg": "mp3", "audio/mp3": "mp3",
    "audio/ogg": "ogg", "audio/opus": "ogg",
    "audio/vnd.wave": "wav", "audio/wav": "wav", "audio/wave": "wav", "audio/x-wav": "wav",
}  # fmt: skip


def check(body: bytes, media_type: str) -> None:
    """AudioError for what cannot be heard; of types that are not known here, only emptiness is noticed."""
    kind = media_type.partition(";")[0].strip().lower()
    if not kind.startswith("audio/"):
        raise AudioError(f"media type {kind or 'missing'}")
    if not body:
        raise AudioError("0 bytes of audio")
    expected = _CONTAINERS.get(kind)
    found = headers.claim(body).container if expected else None
    if found != expected:
        raise AudioError(f"media type {kind}, but the file is {found}")

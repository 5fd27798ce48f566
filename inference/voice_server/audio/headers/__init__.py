"""Sound files' headers, read without decoding anything."""

from voice_server.audio.headers import flac, mpeg, ogg, riff
from voice_server.audio.headers.base import Claim
from voice_server.audio.pcm import AudioError

_KINDS = (
    (riff.is_wav, riff.claim),
    (flac.is_flac, flac.claim),
    (ogg.is_ogg, ogg.claim),
    (mpeg.is_mpeg, mpeg.claim),
)


def claim(data: bytes) -> Claim:
    """What the file says of itself; AudioError where it is none of these, or is broken or cut short there."""
    for is_it, read in _KINDS:
        if is_it(data):
            return read(data)
    raise AudioError(f"not a WAV, MP3, FLAC or Ogg file: {len(data)} bytes that begin like none of them")

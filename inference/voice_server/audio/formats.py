"""The formats in which speech leaves an engine."""

from typing import Literal, assert_never

from voice_server.audio import wav
from voice_server.audio.pcm import Audio

Format = Literal["wav", "pcm"]


def encode(audio: Audio, form: Format) -> tuple[bytes, str]:
    """The bytes and their media type."""
    match form:
        case "wav":
            return wav.encode(audio), "audio/wav"
        case "pcm":
            return audio.samples, f"audio/pcm;rate={audio.sample_rate};channels=1;bits=16"
        case _:
            assert_never(form)

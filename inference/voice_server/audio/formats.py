"""The formats in which speech leaves an engine."""

from typing import Literal, assert_never

Format = Literal["wav", "mp3", "opus", "flac", "pcm"]


def media_type(form: Format, rate: int) -> str:
    """The Content-Type of speech in this format; bare samples need to be told their rate."""
    match form:
        case "wav":
            return "audio/wav"
        case "mp3":
            return "audio/mpeg"
        case "opus":
            return "audio/ogg;codecs=opus"
        case "flac":
            return "audio/flac"
        case "pcm":
            return f"audio/pcm;rate={rate};channels=1;bits=16"
        case _:
            assert_never(form)

"""Recorded voices as the engines that continue them find them: which file it is now, and its sound made ready."""

from dataclasses import dataclass
from pathlib import Path

from voice_server.audio import reference, upload
from voice_server.audio.pcm import AudioError
from voice_server.engines.base import UnusableVoiceError
from voice_server.voices.registry import Registry, Voice, VoiceError


@dataclass(frozen=True, slots=True)
class Recorded:
    """A voice and its file's `state`: a recording put in another's place is another voice."""

    voice: Voice
    state: str


def find(registry: Registry, name: str) -> Recorded | None:
    """The voice of that name; UnusableVoiceError where it cannot be used. Reads files: call it from a thread."""
    try:
        voice = registry.find(name)
        if voice is None:
            return None
        file = voice.recording.stat()
    except (VoiceError, OSError) as error:
        raise UnusableVoiceError(str(error)) from error
    return Recorded(voice, f"{file.st_mtime_ns} {file.st_size}")


def clean(recording: Path, rate: int) -> reference.Reference:
    """The recording, ready to be continued, at `rate` Hz; UnusableVoiceError. Blocks while it is decoded."""
    try:
        return reference.prepare(upload.read(recording.read_bytes()), rate)
    except (OSError, AudioError) as error:
        raise UnusableVoiceError(f"{recording.name}: {error}") from error

"""Puts voices into the folder and takes them away."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from voice_server.voices.registry import SUFFIXES, Papers, VoiceError


class TakenError(VoiceError):
    """There is a voice of that name already."""


@dataclass(frozen=True, slots=True)
class NewVoice:
    """A voice that was judged fit: its `recording` is a WAV file, whatever was sent."""

    name: str
    recording: bytes
    transcript: str | None
    papers: Papers

    def files(self) -> dict[str, bytes]:
        """What is written, by the ends of the names: the recording last, for it makes the voice."""
        words = {} if self.transcript is None else {".txt": self.transcript.encode()}
        papers = self.papers.model_dump_json(exclude_none=True).encode()
        return words | {".json": papers, ".wav": self.recording}


def add(folder: Path, voice: NewVoice) -> None:
    """Put the voice into the folder, whole or not at all; TakenError, or VoiceError where nothing can be written.

    A folder beside it, which only one can make, holds off whoever adds the same name just now, on whichever pod.
    """
    claim = folder / f".{voice.name}.new"
    try:
        claim.mkdir()
        try:
            _put(folder, claim, voice)
        finally:
            shutil.rmtree(claim, ignore_errors=True)
    except FileExistsError:
        raise TakenError(
            f"there is a voice {voice.name!r} already; remove it first or take another name"
        ) from None
    except OSError as error:
        raise VoiceError(
            f"the folder of voices cannot be written: {error.strerror}; mount it writable"
        ) from error


def _put(folder: Path, claim: Path, voice: NewVoice) -> None:
    if any((folder / f"{voice.name}{suffix}").exists() for suffix in SUFFIXES):
        raise FileExistsError
    files = voice.files()
    for suffix, content in files.items():
        (claim / suffix).write_bytes(content)
    if voice.transcript is None:
        _unlinked(folder / f"{voice.name}.txt")
    for suffix in files:
        (claim / suffix).replace(folder / f"{voice.name}{suffix}")


def remove(folder: Path, name: str) -> bool:
    """Take the voice away, what an addition that broke off left of it, too; whether there was one."""
    try:
        shutil.rmtree(folder / f".{name}.new", ignore_errors=True)
        there = [_unlinked(folder / f"{name}{suffix}") for suffix in (*SUFFIXES, ".txt", ".json")]
    except OSError as error:
        raise VoiceError(
            f"the folder of voices cannot be written: {error.strerror}; mount it writable"
        ) from error
    return any(there[: len(SUFFIXES)])


def _unlinked(file: Path) -> bool:
    try:
        file.unlink()
    except FileNotFoundError:
        return False
    return True

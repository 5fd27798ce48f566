"""The voices in a folder: a recording each, its words beside it, and the papers that say it may be used."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from voice_server.schemas import VOICE
from voice_server.settings import Environment, voices_folder

SUFFIXES = (".wav", ".flac", ".mp3")
MOST_WORDS = 2000
_NAME = re.compile(VOICE)


class VoiceError(Exception):
    """A voice in the folder cannot be used; the message names the file and says what to change."""


class Papers(BaseModel):
    """What `<voice>.json` says: in which language, under which licence, and with whose consent it speaks."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    language: str | None = None
    licence: str | None = None
    consent: str | None = None


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice by its recording. Transcript None: nobody wrote down what is said in it."""

    name: str
    recording: Path
    transcript: str | None
    papers: Papers


@dataclass(frozen=True, slots=True)
class Listing:
    """The voices that can be used, in the order of their names, and what is wrong with the others."""

    voices: tuple[Voice, ...]
    complaints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Registry:
    """The folder, read anew each time: what is put there or taken away counts at once. None: no voices."""

    folder: Path | None

    @classmethod
    def read(cls, environment: Environment) -> Self:
        """The folder in `VOICE_VOICES_PATH`; SettingsError where there is none at that path."""
        return cls(voices_folder(environment))

    def find(self, name: str) -> Voice | None:
        """The voice of that name; VoiceError where it is there but cannot be used."""
        if self.folder is None or not _NAME.fullmatch(name):
            return None
        files = (self.folder / f"{name}{suffix}" for suffix in SUFFIXES)
        recordings = [file for file in files if file.is_file()]
        if len(recordings) > 1:
            both = " and ".join(file.name for file in recordings)
            raise VoiceError(f"{both}: two recordings of one voice; keep one")
        return _voice(name, recordings[0]) if recordings else None

    def names(self) -> list[str]:
        """The names of all recordings in their order, whether they can be used or not; OSError."""
        files = self.folder.iterdir() if self.folder else ()
        return sorted({file.stem for file in files if file.suffix in SUFFIXES})

    def listing(self) -> Listing:
        """Every voice of the folder."""
        voices: list[Voice] = []
        complaints: list[str] = []
        try:
            names = self.names()
        except OSError as error:
            return Listing((), (f"{self.folder}: cannot be read: {error}",))
        for name in names:
            try:
                found = self.find(name)
            except VoiceError as error:
                complaints.append(str(error))
            else:
                voices += [found] if found else []
        return Listing(tuple(voices), tuple(complaints))


def _voice(name: str, recording: Path) -> Voice:
    return Voice(
        name, recording, _transcript(recording.with_suffix(".txt")), _papers(recording.with_suffix(".json"))
    )


def _transcript(file: Path) -> str | None:
    words = _text(file)
    if words is None:
        return None
    if not words.strip():
        raise VoiceError(
            f"{file.name}: there is nothing in it; write what is said in the recording, or remove it"
        )
    if len(words) > MOST_WORDS:
        raise VoiceError(
            f"{file.name}: more than {MOST_WORDS} characters; write only what is said in the recording"
        )
    return " ".join(words.split())


def _papers(file: Path) -> Papers:
    text = _text(file)
    if text is None:
        return Papers()
    try:
        return Papers.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise VoiceError(
            f'{file.name}: {where}: {first["msg"]}; write {{"language": "pt-BR", "licence": "...", "consent": "..."}}'
        ) from None


def _text(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise VoiceError(f"{file.name}: cannot be read: {error}; save it as UTF-8") from None

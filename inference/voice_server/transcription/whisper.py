"""What is said in a reference, by faster-whisper on the CPU, from a folder and never from the network."""

from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any

from voice_server.audio.samples import Samples, resampled
from voice_server.settings import Environment

SETTING = "VOICE_TRANSCRIPTION_MODEL"
RATE = 16_000
_FILES = ("config.json", "model.bin", "tokenizer.json")
"""Without tokenizer.json faster-whisper would ask the network for one."""
_MOST_TOKENS = 200


class TranscriptionError(Exception):
    """There is no transcript; the message says what to mount, to install or to send."""


def create(environment: Environment) -> "Transcriber":
    """The transcriber whose model lies in the folder that `VOICE_TRANSCRIPTION_MODEL` names."""
    folder = environment.get(SETTING)
    return Transcriber(Path(folder) if folder else None)


class Transcriber:
    """Loads its model when it is first needed and keeps it; one transcription at a time."""

    def __init__(self, folder: Path | None) -> None:
        """`folder` holds a Whisper model in CTranslate2's format; None where there is none to be used."""
        self._folder = folder
        self._model: Any = None
        self._turn = Lock()

    def transcribe(self, samples: Samples, rate: int, language: str) -> str:
        """The words in mono float32 `samples`, at most 12 s, in a language such as pt or pt-BR; TranscriptionError.

        Blocks for seconds: call it from a thread.
        """
        with self._turn:
            model = self._model = self._model or self._loaded()
            try:
                segments, _ = model.transcribe(
                    resampled(samples, rate, RATE),
                    language=language.partition("-")[0].lower(),
                    temperature=0.0,
                    max_new_tokens=_MOST_TOKENS,
                    condition_on_previous_text=False,
                    without_timestamps=True,
                )
                text = " ".join(segment.text.strip() for segment in segments).strip()
            except (RuntimeError, ValueError) as error:
                raise TranscriptionError(f"the recording could not be transcribed: {error}") from error
        if not any(map(str.isalnum, text)):
            raise TranscriptionError("no words were understood in the recording; send its transcript")
        return text

    def _loaded(self) -> Any:
        if self._folder is None:
            raise TranscriptionError(
                f"send the recording's transcript, or write the folder of a faster-whisper model in {SETTING}"
            )
        missing = [name for name in _FILES if not (self._folder / name).is_file()]
        if missing:
            raise TranscriptionError(
                f"{SETTING}: there is no faster-whisper model in {self._folder}, {', '.join(missing)} missing; "
                "mount one there, or send the recording's transcript"
            )
        try:
            whisper = import_module("faster_whisper")
            return whisper.WhisperModel(str(self._folder), device="cpu", compute_type="int8")
        except ImportError as error:
            raise TranscriptionError(f"{error}; install voice-rollout[transcription]") from error
        except Exception as error:  # tokenizers raises the bare Exception
            raise TranscriptionError(f"{SETTING}: the model in {self._folder} is broken: {error}") from error

"""A checkpoint, its vocoder and the voices it continues: texts in, sound out. For one thread at a time."""

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from secrets import randbits

import torch

from voice_server.audio.pcm import AudioError, checked
from voice_server.audio.reference import Reference
from voice_server.audio.samples import to_audio
from voice_server.engines.base import Answer, DeviceLostError, EngineError, TextError, UnusableVoiceError
from voice_server.engines.f5 import duration, runtime, sampler
from voice_server.engines.f5.checkpoint import CheckpointError
from voice_server.engines.f5.duration import PaceError
from voice_server.engines.f5.layers import StorageError
from voice_server.engines.f5.mel import HOP, SAMPLE_RATE
from voice_server.engines.f5.model import LONGEST
from voice_server.engines.f5.runtime import Runtime
from voice_server.engines.f5.sampler import Request, RequestError, Voice
from voice_server.engines.f5.settings import F5Settings
from voice_server.engines.f5.tokenizer import tokens
from voice_server.engines.f5.verification import Verified, verify
from voice_server.engines.f5.vocoder import GriffinLim, Vocoder, VocoderError, Vocos

VOCODER = "vocos"
_SEED_BITS = 63
_FORBIDS_TRADE = re.compile(r"(^|-)NC(-|$)|non-?commercial", re.IGNORECASE)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """A voice made ready to be continued, and the pace of its reference: that of all that it will say."""

    voice: Voice
    pace: float
    """Frames a character."""

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(each.numel() * each.element_size() for each in (self.voice.mel, self.voice.tokens))


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One text, the profile to say it with, its pace, and whether anybody still waits for it."""

    text: str
    profile: Profile
    speed: float
    is_wanted: Callable[[], bool]


class Studio:
    def __init__(self, settings: F5Settings, device: torch.device) -> None:
        """The one checkpoint in the settings' folder; EngineError says why it must not be served."""
        self._settings = settings
        try:
            self._model = verify(_checkpoint(settings.folder))
            self.licence = _permitted(self._model, settings)
            self._runtime: Runtime | None = runtime.load(self._model, settings, device)
        except (CheckpointError, StorageError) as error:
            raise EngineError(str(error)) from error
        self.vocoder = _vocoder(settings.folder / VOCODER, device)

    @property
    def language(self) -> str:
        return self._model.sidecar.language

    def move_vocoder_to_cpu(self) -> None:
        """Vocos speaks nearly as fast there."""
        if isinstance(self.vocoder, Vocos):
            self.vocoder.move("cpu")
        torch.cuda.empty_cache()

    def move_to_cpu(self) -> None:
        """The weights are read again: the card need not hold them until they are there.

        Where they cannot be, nothing is left to speak with: from then on whoever asks gets a DeviceLostError.
        """
        self._runtime = None
        torch.cuda.empty_cache()
        self._runtime = runtime.load(self._model, self._settings, torch.device("cpu"))

    def learn(self, reference: Reference, transcript: str) -> Profile:
        """The voice of a reference at 24 kHz; UnusableVoiceError where the transcript cannot be what it says."""
        # The words end in a pause, so that the first new one is not drawn into the last of them.
        said = f"{transcript.rstrip().rstrip('.')}. "
        try:
            pace = duration.pace(len(reference.samples) // HOP + 1, said)
            numbers = self._model.vocabulary.encode_leniently(tokens(said, self._model.tokenizer)).numbers
            return Profile(self._network().learn(torch.tensor(reference.samples), numbers), pace)
        except (PaceError, TextError, RequestError) as error:
            raise UnusableVoiceError(str(error)) from error

    def speak(self, lines: Sequence[Line], steps: int) -> list[Answer]:
        """One answer a line, in their order."""
        requests = [self._request(line) for line in lines]
        good = [each for each in requests if isinstance(each, Request)]
        mels = iter(self._network().speak(good, steps))
        return [self._sound(next(mels)) if isinstance(each, Request) else each for each in requests]

    def _request(self, line: Line) -> Request | TextError:
        """What the network is asked for, judged here: one that it refuses would fail those beside it."""
        voice = line.profile.voice
        length = duration.lasting(line.profile.pace, line.text, line.speed)
        try:
            request = Request(voice, self._read(line.text), length, randbits(_SEED_BITS), line.is_wanted)
            sampler.frames(request)
        except TextError as error:
            return error
        except RequestError:
            seconds = (LONGEST - len(voice.mel)) * HOP / SAMPLE_RATE
            return TextError(
                f"it takes more than the {seconds:.0f} s that this voice has; write it in parts, or say it faster"
            )
        return request

    def _sound(self, spoken: torch.Tensor | None) -> Answer:
        if spoken is None:
            return None
        try:
            return checked(to_audio(self.vocoder(spoken).numpy(), SAMPLE_RATE))
        except AudioError as error:
            return EngineError(f"F5: {error}")

    def _network(self) -> Runtime:
        if self._runtime is None:
            raise DeviceLostError(
                "F5: the weights left the card and could not be read again; the log says why"
            )
        return self._runtime

    def _read(self, text: str) -> Sequence[int]:
        spelled, vocabulary = tokens(text, self._model.tokenizer), self._model.vocabulary
        if self._settings.is_strict:
            return vocabulary.encode(spelled).numbers
        encoded = vocabulary.encode_leniently(spelled)
        if encoded.replaced:
            log.info("not in the vocabulary", extra={"replaced": dict(encoded.replaced)})
        return encoded.numbers


def _checkpoint(folder: Path) -> Path:
    found = sorted(folder.glob("*.safetensors"))
    if len(found) != 1:
        there = ", ".join(path.name for path in found) or "none"
        raise CheckpointError(f"{folder}: one .safetensors file is served, there is {there}; mount one")
    return found[0]


def _permitted(model: Verified, settings: F5Settings) -> str:
    licence = model.sidecar.licence
    if _FORBIDS_TRADE.search(licence) and not settings.allows_noncommercial:
        raise EngineError(
            f"VOICE_ALLOW_NONCOMMERCIAL: these weights are under {licence}: neither they nor the speech they make may "
            "be used commercially; write true if that is how you use them, else serve others"
        )
    return licence


def _vocoder(folder: Path, device: torch.device) -> Vocoder:
    if not folder.is_dir():
        log.warning("no vocoder: speech will sound like a tin", extra={"missing": str(folder)})
        return GriffinLim()
    try:
        return Vocos(folder, device)
    except VocoderError as error:
        raise EngineError(str(error)) from error

"""XTTS v2: a voice from a few seconds of speech, five texts at a time."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Literal

import torch

from voice_server.audio.samples import Samples
from voice_server.engines import recordings
from voice_server.engines.base import Answer, EngineError, Job, Utterance
from voice_server.engines.recordings import Recorded
from voice_server.engines.sentences import counting
from voice_server.engines.torch_engine import TorchEngine
from voice_server.engines.torch_thread import chosen
from voice_server.engines.unknown_voice import unknown_voice
from voice_server.engines.xtts import checkpoint, voice
from voice_server.engines.xtts.script import Script, Split
from voice_server.engines.xtts.settings import LICENCE, XttsSettings
from voice_server.engines.xtts.speech import ROWS, Request, Studio
from voice_server.engines.xtts.voice import HEARD_RATE, Voice
from voice_server.settings import Environment
from voice_server.text import split
from voice_server.voices.cache import ProfileCache, ProfileKey
from voice_server.voices.registry import Registry

PREPARATION = "1"
"""Version of what is done to a recording: another one makes other voices."""
_PROMPT_WORK = 30.0
"""A prompt is read in about the time that so many characters take to be said."""


def create(environment: Environment) -> "Xtts":
    """The engine as the variables of docs/xtts.md describe it; nothing is loaded yet."""
    return Xtts(XttsSettings.read(environment), lambda text, most: split(text, most=most, least=0))


@dataclass(frozen=True, slots=True)
class _Loaded:
    studio: Studio
    script: Script
    voices: Mapping[str, Voice]
    """Those that came with the model."""


class Xtts(TorchEngine):
    name = "xtts"
    licence = LICENCE
    parallel = 1
    largest_batch = ROWS
    tiers = ("",)
    tells_early: Literal[True] = True

    def __init__(self, settings: XttsSettings, split: Split) -> None:
        super().__init__("xtts")
        self.longest_text = settings.longest_text
        self._settings = settings
        self._split = split
        self._registry = Registry(settings.voices)
        self._loaded: _Loaded | None = None
        self._heard: ProfileCache[Voice] = ProfileCache(lambda each: each.size, monotonic)

    async def warm_up(self) -> None:
        if self._loaded is None:
            device = chosen(self._settings.device)
            self._loaded = await self._thread.run(partial(self._load, device))
            studio = self._loaded.studio
            self._loaded_on(device, studio.move_vocoder_to_cpu, studio.move_to_cpu)
        own, known = self._settings.voice, await asyncio.to_thread(self.voices)
        if own is not None and own not in known:
            raise EngineError(f"XTTS_VOICE: {unknown_voice(own, known)}")
        answer = (
            await self.synthesise([Job(Utterance(counting(self._settings.language)), lambda: True)], 0)
        )[0]
        if isinstance(answer, EngineError):
            raise answer

    def voices(self) -> Collection[str]:
        own = self._loaded.voices if self._loaded else ()
        return sorted({*own, *(each.name for each in self._registry.listing().voices)})

    @property
    def caches(self) -> Mapping[str, ProfileCache[Voice]]:
        return {"voices": self._heard}

    async def prepare_voice(self, voice: str | None) -> None:
        found = await self._find(voice)
        if isinstance(found, Recorded):
            await self._heard.prepare(self._key(found), lambda: self._prepared(found.voice.recording))

    def forget(self, voice: str) -> None:
        self._heard.forget(voice)

    def work(self, utterance: Utterance) -> float:
        """Characters, with the prompt as some more; XTTS works as long for slow speech as for quick."""
        return _PROMPT_WORK + len(utterance.text)

    async def prepare(self, samples: Samples, rate: int) -> Voice:
        """The voice in a recording, to be worked out once for all its texts; EngineError when it is too short."""
        return await self._thread.run(partial(self._ready().studio.hear, samples, rate))

    async def synthesise(self, batch: Sequence[Job], _: int, /) -> Sequence[Answer]:
        requests = await asyncio.gather(*map(self._request_or_why_not, batch))
        good = [each for each in requests if isinstance(each, Request)]
        spoken = iter(await self._spoken(partial(self._ready().studio.speak, good)))
        return [next(spoken) if isinstance(each, Request) else each for each in requests]

    async def _request_or_why_not(self, job: Job) -> Request | EngineError:
        try:
            return await self._request(job)
        except EngineError as error:
            return error

    async def _request(self, job: Job) -> Request:
        utterance = job.utterance
        pieces = self._ready().script.pieces(utterance.text)
        voice = await self._voice(utterance.voice)
        return Request(pieces, voice, utterance.speed, job.is_wanted, job.hear)

    async def _voice(self, asked: str | None) -> Voice:
        found = await self._find(asked)
        if isinstance(found, Voice):
            return found
        return await self._heard.get(self._key(found), lambda: self._prepared(found.voice.recording))

    async def _find(self, asked: str | None) -> Voice | Recorded:
        """A voice that came with the model, or the recording of another."""
        own = self._ready().voices
        name = asked or self._settings.voice or next(iter(await asyncio.to_thread(self.voices)), "")
        if name in own:
            return own[name]
        found = await asyncio.to_thread(recordings.find, self._registry, name)
        if found is None:
            raise unknown_voice(name, await asyncio.to_thread(self.voices))
        return found

    def _key(self, found: Recorded) -> ProfileKey:
        return ProfileKey(self.name, PREPARATION, found.voice.name, found.state)

    async def _prepared(self, recording: Path) -> Voice:
        clean = await asyncio.to_thread(recordings.clean, recording, HEARD_RATE)
        return await self.prepare(clean.samples, clean.rate)

    def _ready(self) -> _Loaded:
        if self._loaded is None:
            raise EngineError("the engine is not warm: its model is not loaded")
        return self._loaded

    def _load(self, device: torch.device) -> _Loaded:
        folder, language = self._settings.folder, self._settings.language
        voices = voice.read(folder)
        if not voices and not self.voices():
            raise EngineError(f"{folder}: there is no voice; mount {voice.SPEAKERS_FILE} or voices/NAME.wav")
        model = checkpoint.load(folder, device)
        spoken = {each.split("-")[0] for each in model.config.languages}
        if language not in spoken:
            raise EngineError(
                f"VOICE_LANGUAGE: this model does not speak {language!r}; write one of {sorted(spoken)}"
            )
        return _Loaded(
            studio=Studio(model, model.config),
            script=Script(
                model.tokenizer, language, model.config.model_args.gpt_max_text_tokens, self._split
            ),
            voices=voices,
        )

"""XTTS v2: a voice from a few seconds of speech, in seventeen languages, five texts at a time."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import monotonic

import torch

from voice_server.audio.pcm import Audio
from voice_server.audio.samples import Samples
from voice_server.engines import recordings
from voice_server.engines.base import Answer, EngineError, Job, UnknownVoiceError, Utterance
from voice_server.engines.torch_engine import TorchEngine
from voice_server.engines.torch_thread import chosen
from voice_server.engines.xtts import checkpoint, voice
from voice_server.engines.xtts.script import Script, Split
from voice_server.engines.xtts.settings import LICENCE, XttsSettings
from voice_server.engines.xtts.speech import ROWS, Request, Studio
from voice_server.engines.xtts.voice import HEARD_RATE, Listener, Voice
from voice_server.settings import Environment
from voice_server.text import split
from voice_server.voices.cache import ProfileCache, ProfileKey
from voice_server.voices.registry import Registry

WARM_UP = "Um, dois, três."
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
    listener: Listener
    script: Script
    voices: Mapping[str, Voice]
    """Those that came with the model."""


class Xtts(TorchEngine):
    name = "xtts"
    licence = LICENCE
    parallel = 1
    largest_batch = ROWS
    tiers = ("",)

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
            self._loaded_on(device, self._loaded.studio.move_vocoder_to_cpu)
        if self._settings.voice not in (None, *self.voices()):
            raise EngineError(
                f"XTTS_VOICE: there is no voice {self._settings.voice!r}; {self._some_voices()}"
            )
        answer = (await self.synthesise([Job(Utterance(WARM_UP), lambda: True)], 0))[0]
        if isinstance(answer, EngineError):
            raise answer

    def voices(self) -> Collection[str]:
        own = self._loaded.voices if self._loaded else ()
        return sorted({*own, *(each.name for each in self._registry.listing().voices)})

    @property
    def caches(self) -> Mapping[str, ProfileCache[Voice]]:
        return {"voices": self._heard}

    def work(self, utterance: Utterance) -> float:
        """Characters, with the prompt as some more; XTTS works as long for slow speech as for quick."""
        return _PROMPT_WORK + len(utterance.text)

    async def prepare(self, samples: Samples, rate: int) -> Voice:
        """The voice in a recording, to be worked out once for all its texts; EngineError when it is too short."""
        return await self._thread.run(partial(self._ready().listener.hear, samples, rate))

    async def synthesise(self, batch: Sequence[Job], _: int, /) -> Sequence[Answer]:
        requests = await asyncio.gather(*map(self._request_or_why_not, batch))
        good = [each for each in requests if isinstance(each, Request)]
        spoken = iter(await self._spoken(partial(self._ready().studio.speak, good)))
        return [next(spoken) if isinstance(each, Request) else each for each in requests]

    async def stream(self, job: Job) -> AsyncIterator[Audio]:
        """The job's speech while it is being made up; it stops when nobody wants it or listens any more."""
        asked = await self._request(job)
        is_heard = True
        request = replace(asked, is_wanted=lambda: is_heard and asked.is_wanted())
        loop = asyncio.get_running_loop()
        bits: asyncio.Queue[Audio | None] = asyncio.Queue()

        def speak() -> None:
            for bit in self._ready().studio.stream(request):
                loop.call_soon_threadsafe(bits.put_nowait, bit)

        speaking = asyncio.ensure_future(self._thread.run(speak))
        speaking.add_done_callback(lambda _: bits.put_nowait(None))
        try:
            while (bit := await bits.get()) is not None:
                yield bit
            await speaking
        finally:
            is_heard = False
            await asyncio.wait({speaking})

    async def _request_or_why_not(self, job: Job) -> Request | EngineError:
        try:
            return await self._request(job)
        except EngineError as error:
            return error

    async def _request(self, job: Job) -> Request:
        utterance = job.utterance
        pieces = self._ready().script.pieces(utterance.text)
        return Request(pieces, await self._voice(utterance.voice), utterance.speed, job.is_wanted)

    async def _voice(self, asked: str | None) -> Voice:
        own = self._ready().voices
        name = asked or self._settings.voice or next(iter(await asyncio.to_thread(self.voices)), "")
        if name in own:
            return own[name]
        found = await asyncio.to_thread(recordings.find, self._registry, name)
        if found is None:
            raise UnknownVoiceError(f"there is no voice {name!r}; {self._some_voices()}")
        key = ProfileKey(self.name, PREPARATION, found.state)
        return await self._heard.get(key, lambda: self._prepared(found.voice.recording))

    async def _prepared(self, recording: Path) -> Voice:
        clean = await asyncio.to_thread(recordings.clean, recording, HEARD_RATE)
        return await self.prepare(clean.samples, clean.rate)

    def _some_voices(self) -> str:
        names = list(self.voices())
        return f"write default or one such as {', '.join(names[:5])}" if names else "mount one"

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
            listener=Listener(model),
            script=Script(
                model.tokenizer, language, model.config.model_args.gpt_max_text_tokens, self._split
            ),
            voices=voices,
        )

"""XTTS v2: a voice from a few seconds of speech, in seventeen languages, five texts at a time."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic

import torch

from voice_server.audio import wav
from voice_server.audio.pcm import Audio, AudioError
from voice_server.audio.samples import Samples, from_audio
from voice_server.engines.base import Answer, EngineError, Job, UnknownVoiceError, Utterance
from voice_server.engines.xtts import checkpoint, voice
from voice_server.engines.xtts.device import TorchThread, chosen
from voice_server.engines.xtts.script import Script, Split
from voice_server.engines.xtts.settings import LICENCE, XttsSettings
from voice_server.engines.xtts.speech import ROWS, Request, Studio
from voice_server.engines.xtts.voice import Listener, Voice
from voice_server.settings import Environment
from voice_server.text import split
from voice_server.voices.cache import ProfileCache, ProfileKey

WARM_UP = "Um, dois, três."
RECORDINGS = "voices"
_PROMPT_WORK = 30.0
"""A prompt is read in about the time of so many characters."""


def create(environment: Environment) -> "Xtts":
    """The engine as the variables of docs/xtts.md describe it; nothing is loaded yet."""
    return Xtts(XttsSettings.read(environment), lambda text, most: split(text, most=most))


@dataclass(frozen=True, slots=True)
class _Loaded:
    studio: Studio
    listener: Listener
    script: Script
    voices: Mapping[str, Voice]
    recordings: Mapping[str, Path]
    device: torch.device

    @property
    def names(self) -> list[str]:
        return sorted({*self.voices, *self.recordings})


class Xtts:
    name = "xtts"
    licence = LICENCE
    parallel = 1
    largest_batch = ROWS
    tiers = ("",)

    def __init__(self, settings: XttsSettings, split: Split) -> None:
        self._settings = settings
        self._split = split
        self._thread = TorchThread("xtts")
        self._loaded: _Loaded | None = None
        self._heard: ProfileCache[Voice] = ProfileCache(lambda each: each.size, monotonic)
        self._reliefs = 0

    async def warm_up(self) -> None:
        if self._loaded is None:
            self._loaded = await self._thread.run(self._load)
            self._reliefs = 2 if self._loaded.device.type == "cuda" else 0
        answer = (await self.synthesise([Job(Utterance(WARM_UP), lambda: True)], 0))[0]
        if isinstance(answer, EngineError):
            raise answer

    def voices(self) -> Collection[str]:
        return self._loaded.names if self._loaded else ()

    @property
    def caches(self) -> Mapping[str, ProfileCache[Voice]]:
        return {"voices": self._heard}

    def work(self, utterance: Utterance) -> float:
        """Characters, the prompt counted as some: latents are as many at any speed."""
        return _PROMPT_WORK + len(utterance.text)

    def relieve(self) -> bool:
        """Give back what torch holds unused; then let the CPU do the vocoder's part."""
        if self._loaded is None or not self._reliefs:
            return False
        self._reliefs -= 1
        if not self._reliefs:
            self._thread.later(partial(self._loaded.studio.vocoder.move, torch.device("cpu")))
        self._thread.later(torch.cuda.empty_cache)
        return True

    def vram(self) -> tuple[int, int]:
        """Bytes in use and bytes held; zeros on a CPU."""
        return torch.cuda.memory_allocated(), torch.cuda.memory_reserved()

    async def prepare(self, samples: Samples, rate: int) -> Voice:
        """The voice in a recording, worked out once for all its texts; EngineError when it is too short."""
        return await self._thread.run(partial(self._ready().listener.hear, samples, rate))

    async def synthesise(self, batch: Sequence[Job], _: int) -> Sequence[Answer]:
        requests = await asyncio.gather(*map(self._request, batch))
        good = [each for each in requests if isinstance(each, Request)]
        spoken = iter(await self._thread.run(partial(self._ready().studio.speak, good)))
        return [next(spoken) if isinstance(each, Request) else each for each in requests]

    async def stream(self, job: Job) -> AsyncIterator[Audio]:
        """The job's speech while it is being made up; it stops when nobody wants it or listens any more."""
        request = await self._wanted_request(job)
        bits: asyncio.Queue[Audio | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        is_heard = [True]
        request = Request(
            request.pieces, request.voice, request.speed, lambda: is_heard[0] and job.is_wanted()
        )

        def speak() -> None:
            for bit in self._ready().studio.stream(request):
                loop.call_soon_threadsafe(bits.put_nowait, bit)

        task = asyncio.ensure_future(self._thread.run(speak))
        task.add_done_callback(lambda _: bits.put_nowait(None))
        try:
            while (bit := await bits.get()) is not None:
                yield bit
            await task
        finally:
            is_heard[0] = False
            await asyncio.wait({task})

    async def _request(self, job: Job) -> Request | EngineError:
        try:
            return await self._wanted_request(job)
        except EngineError as error:
            return error

    async def _wanted_request(self, job: Job) -> Request:
        utterance = job.utterance
        pieces = self._ready().script.pieces(utterance.text)
        return Request(pieces, await self._voice(utterance.voice), utterance.speed, job.is_wanted)

    async def _voice(self, asked: str | None) -> Voice:
        loaded = self._ready()
        name = asked or self._settings.voice or loaded.names[0]
        if name in loaded.voices:
            return loaded.voices[name]
        if name not in loaded.recordings:
            some = ", ".join(loaded.names[:5])
            raise UnknownVoiceError(f"there is no voice {name!r}; write default or one such as {some}")
        key = ProfileKey(self.name, "1", name)
        return await self._heard.get(key, lambda: self._hear(loaded.recordings[name]))

    async def _hear(self, path: Path) -> Voice:
        try:
            recording = wav.decode(await asyncio.to_thread(path.read_bytes))
        except (OSError, AudioError) as error:
            raise EngineError(f"{path}: {error}; mount a mono 16-bit WAV file there") from error
        return await self.prepare(from_audio(recording), recording.sample_rate)

    def _ready(self) -> _Loaded:
        if self._loaded is None:
            raise EngineError("the engine is not warm: its model is not loaded")
        return self._loaded

    def _load(self) -> _Loaded:
        folder, language = self._settings.folder, self._settings.language
        device = chosen(self._settings.device)
        model = checkpoint.load(folder, device)
        if language not in model.config.languages:
            known = ", ".join(model.config.languages)
            raise EngineError(f"XTTS_LANGUAGE: this model does not speak {language!r}; write one of {known}")
        loaded = _Loaded(
            studio=Studio(model, model.config),
            listener=Listener(model),
            script=Script(
                model.tokenizer, language, model.config.model_args.gpt_max_text_tokens, self._split
            ),
            voices=voice.read(folder),
            recordings={path.stem: path for path in (folder / RECORDINGS).glob("*.wav")},
            device=device,
        )
        if not loaded.names:
            raise EngineError(
                f"{folder}: there is no voice; mount {voice.SPEAKERS_FILE} or {RECORDINGS}/NAME.wav"
            )
        if self._settings.voice not in (None, *loaded.names):
            raise EngineError(
                f"XTTS_VOICE: there is no voice {self._settings.voice!r}; write one of {loaded.names}"
            )
        return loaded

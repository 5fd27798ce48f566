"""F5-TTS: any voice from a few seconds of it, up to five texts at a time, with fewer steps where many wait."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial
from time import monotonic

from voice_server.audio.reference import Reference
from voice_server.engines import recordings
from voice_server.engines.base import Answer, EngineError, Job, UnusableVoiceError, Utterance
from voice_server.engines.f5 import duration, upstream
from voice_server.engines.f5.mel import SAMPLE_RATE
from voice_server.engines.f5.settings import F5Settings
from voice_server.engines.f5.studio import Line, Profile, Studio
from voice_server.engines.recordings import Recorded
from voice_server.engines.sentences import counting
from voice_server.engines.torch_engine import TorchEngine
from voice_server.engines.torch_thread import chosen
from voice_server.engines.unknown_voice import unknown_voice
from voice_server.settings import Environment
from voice_server.text import TextError, normalise
from voice_server.transcription import whisper
from voice_server.transcription.whisper import Transcriber, TranscriptionError
from voice_server.voices.cache import ProfileCache, ProfileKey
from voice_server.voices.registry import Registry
from voice_server.voices.shelf import Bounds, Shelf

PREPARATION = "1"
"""Version of what is done to a reference: another one makes other profiles."""
_USUAL = (560, 6.25)
"""Frames of a reference and of each character after it: 6 s, and 15 characters a second."""
_TRANSCRIPTS = 100


def create(environment: Environment) -> "F5Engine":
    """The engine as the variables of docs/f5.md describe it; nothing is loaded yet. SettingsError."""
    settings = F5Settings.read(environment)
    if settings.is_upstream:
        upstream.check()
    return F5Engine(settings, whisper.create(environment))


class F5Engine(TorchEngine):
    parallel = 1
    longest_text = 200

    def __init__(self, settings: F5Settings, transcriber: Transcriber) -> None:
        super().__init__("f5")
        self.name, self.largest_batch = ("f5-upstream", 1) if settings.is_upstream else ("f5", 5)
        self._settings = settings
        self._registry = Registry(settings.voices)
        self._transcriber = transcriber
        self._studio: Studio | None = None
        self._transcripts: dict[ProfileKey, str] = {}
        self._times_forgotten = 0
        self._profiles: ProfileCache[Profile] = ProfileCache(lambda profile: profile.size, monotonic)
        self._paces: Shelf[str | None, tuple[int, float]] = Shelf(Bounds())

    @property
    def licence(self) -> str:
        return self._studio.licence if self._studio else "not known before the weights are loaded"

    @property
    def tiers(self) -> Sequence[str]:
        return tuple(map(str, self._settings.steps))

    async def warm_up(self) -> None:
        if self._studio is None:
            device = chosen(self._settings.device)
            studio = self._studio = await self._thread.run(lambda: Studio(self._settings, device))
            self._loaded_on(device, studio.move_vocoder_to_cpu, studio.move_to_cpu)
        # Without capitals: a strict vocabulary may have none.
        sentence = counting(self._studio.language, 5).lower()
        answer = (await self.synthesise([Job(Utterance(sentence), lambda: True)], 0))[0]
        if isinstance(answer, EngineError):
            raise answer

    def voices(self) -> Collection[str]:
        return [voice.name for voice in self._registry.listing().voices]

    @property
    def caches(self) -> Mapping[str, ProfileCache[Profile]]:
        return {"voices": self._profiles}

    async def prepare_voice(self, voice: str | None) -> None:
        found = await asyncio.to_thread(self._found, voice or self._settings.voice)
        await self._profiles.prepare(self._key(found), lambda: self._prepared(found))

    def forget(self, voice: str) -> None:
        self._profiles.forget(voice)
        for name in (voice, None):
            self._paces.drop(name)
        for key in [key for key in list(self._transcripts) if key.voice == voice]:
            self._transcripts.pop(key, None)
        self._times_forgotten += 1

    def work(self, utterance: Utterance) -> float:
        """Frames, those of the reference among them: every step goes over it, too. A voice that was not heard lately
        counts as a usual one.
        """
        reference, pace = self._paces.find(utterance.voice, monotonic()) or _USUAL
        return reference + duration.lasting(pace, utterance.text, utterance.speed)

    async def synthesise(self, batch: Sequence[Job], tier: int, /) -> Sequence[Answer]:
        lines = await asyncio.gather(*map(self._line, batch))
        good = [each for each in lines if isinstance(each, Line)]
        steps = self._settings.steps[tier]
        spoken = iter(await self._spoken(partial(self._ready().speak, good, steps)))
        return [next(spoken) if isinstance(each, Line) else each for each in lines]

    async def _line(self, job: Job) -> Line | EngineError:
        said = job.utterance
        try:
            profile = await self._profile(said.voice)
        except EngineError as error:
            return error
        return Line(said.text, profile, said.speed, job.is_wanted)

    async def _profile(self, asked: str | None) -> Profile:
        found = await asyncio.to_thread(self._found, asked or self._settings.voice)
        profile = await self._profiles.get(self._key(found), lambda: self._prepared(found))
        self._paces.keep(asked, (len(profile.voice.mel), profile.pace), 0, monotonic())
        return profile

    def _key(self, found: Recorded) -> ProfileKey:
        return ProfileKey(self.name, PREPARATION, found.voice.name, f"{found.state} {found.voice.transcript}")

    def _found(self, asked: str | None) -> Recorded:
        found = recordings.find(self._registry, asked) if asked else self._first()
        if found is not None:
            return found
        names = list(self.voices())
        if not asked or not names:
            raise EngineError(f"there is no voice; mount NAME.wav and NAME.txt in {self._registry.folder}")
        raise unknown_voice(asked, names)

    def _first(self) -> Recorded | None:
        """The first of `voices`; no files of the others are read."""
        with suppress(OSError):
            for name in self._registry.names():
                with suppress(UnusableVoiceError):
                    if found := recordings.find(self._registry, name):
                        return found
        return None

    async def _prepared(self, found: Recorded) -> Profile:
        voice = found.voice
        heard = await asyncio.to_thread(recordings.clean, voice.recording, SAMPLE_RATE)
        written = None if heard.needs_transcript else voice.transcript
        said = await asyncio.to_thread(self._transcribed, found, heard) if written is None else written
        try:
            words = normalise(said, self._ready().language)
            return await self._thread.run(lambda: self._ready().learn(heard, words))
        except (TextError, UnusableVoiceError) as error:
            where = f"{voice.name}.txt" if written else f"{voice.recording.name}, as it was transcribed"
            raise UnusableVoiceError(f"{where}: {str(error).removeprefix('text: ')}") from error

    def _transcribed(self, found: Recorded, heard: Reference) -> str:
        """Kept beyond the profile, and also where those who asked did not wait for it: it takes seconds."""
        key, times_forgotten = self._key(found), self._times_forgotten
        if (kept := self._transcripts.get(key)) is not None:
            return kept
        words = self._heard(found, heard)
        if self._times_forgotten == times_forgotten:  # else it may be of a voice that is gone
            self._transcripts[key] = words
            while len(self._transcripts) > _TRANSCRIPTS:
                del self._transcripts[next(iter(self._transcripts))]
        return words

    def _heard(self, found: Recorded, heard: Reference) -> str:
        try:
            return self._transcriber.transcribe(heard.samples, heard.rate, self._ready().language)
        except TranscriptionError as error:
            cut = " (it is longer than 12 s, so its text no longer fits)" if heard.needs_transcript else ""
            raise UnusableVoiceError(f"{found.voice.recording.name}{cut}: {error}") from error

    def _ready(self) -> Studio:
        if self._studio is None:
            raise EngineError("the engine is not warm: its model is not loaded")
        return self._studio

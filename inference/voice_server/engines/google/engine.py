"""The engine: a text in pieces, each through its family's line, and another family where Chirp fails."""

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import Any, TypeVar

from voice_server.audio import wav
from voice_server.audio.pcm import Audio, AudioError, checked
from voice_server.engines.base import Answer, EngineError, Job, TextError, UnknownVoiceError, Utterance
from voice_server.engines.google.api import Api, Speech, connect
from voice_server.engines.google.faults import (
    CredentialsError,
    NotStreamedError,
    SentenceError,
    unusable_sound,
)
from voice_server.engines.google.line import Line
from voice_server.engines.google.pieces import pieces
from voice_server.engines.google.settings import GoogleSettings
from voice_server.engines.google.streams import Listener, Sessions, Stream
from voice_server.engines.google.voices import Catalogue, Family, Voice
from voice_server.engines.sentences import counting
from voice_server.engines.unknown_voice import unknown_voice
from voice_server.engines.wanted import while_wanted
from voice_server.settings import Environment

log = logging.getLogger(__name__)
T = TypeVar("T")
_CALL_WORK = 100.0
"""A call without a text would take about the time of so many characters: a guess, not measured."""
SLOWEST, FASTEST = 0.25, 2.0
_PATIENCE_WITH_FALLBACK = 1.0
_NO_FALLBACK_FOR = (UnknownVoiceError, TextError, CredentialsError)


def create(environment: Environment) -> "Google":
    """The engine as `GOOGLE_VOICE` and the other variables of docs/google.md describe it; asks nobody yet."""
    return Google(GoogleSettings.read(environment))


class Google:
    name = "google"
    licence = "Google Cloud Terms of Service"
    parallel = 32
    largest_batch = 1
    tiers = ("",)

    def __init__(self, settings: GoogleSettings) -> None:
        """`fallbacks` counts utterances that the fallback voice spoke in a Chirp voice's place."""
        self.fallbacks = 0
        self._settings = settings
        self._api: Api | None = None
        self._catalogue = Catalogue([])
        self._sessions = Sessions()
        self._lines = {family: Line(family, family.per_minute) for family in Family}
        own = Family.of(settings.voice)
        self._lines[own] = Line(own, settings.per_minute)
        self._is_warm = False
        self._patience = settings.patience

    async def warm_up(self) -> None:
        """List the voices and speak once, which is not done again while Google lets the pod in: it costs requests of
        the quota. The batch that follows, which proves that the engine speaks, may wait all its time for the quota.
        """
        if not self._is_warm:
            await self._begin()
        self._is_warm = True
        self._patience = self._settings.timeout

    def voices(self) -> Collection[str]:
        return self._catalogue.names

    def work(self, utterance: Utterance) -> float:
        """Characters at natural pace, the way there and back as some more."""
        return _CALL_WORK + len(utterance.text) / utterance.speed

    def relieve(self) -> bool:
        return False

    async def synthesise(self, batch: Sequence[Job], _: int) -> Sequence[Answer]:
        patience, self._patience = self._patience, self._settings.patience
        return await asyncio.gather(*(self._answer(job, patience) for job in batch))

    async def _begin(self) -> None:
        """However long the quota lets it wait. Credentials that were refused are read anew the next time."""
        told, others = self._settings, self._lines[Family.OTHER]
        try:
            api = self._api = self._api or await connect(told.endpoint, told.transport, told.key)
            await others.opens()
            self._catalogue = Catalogue(
                await others.ask(api.voices, monotonic() + told.timeout, told.patience)
            )
            own = self._named("GOOGLE_VOICE", told.voice)
            if told.fallback:
                self._named("GOOGLE_FALLBACK_VOICE", told.fallback)
            await self._lines[own.family].opens()
            await self._speak(Utterance(counting(own.language)), told.patience)
            await self._lines[own.family].opens()
        except CredentialsError:
            self._api = None
            raise

    async def _answer(self, job: Job, patience: float) -> Answer:
        try:
            return await while_wanted(job, self._speak(job.utterance, patience, job.hear))
        except CredentialsError as error:
            self._is_warm = False
            return error
        except EngineError as error:
            return error

    async def _speak(
        self, utterance: Utterance, patience: float, hear: Callable[[Audio], None] | None = None
    ) -> Audio:
        speeches = _speeches(utterance, self._voice(utterance))
        limit = self._settings.timeout
        until = monotonic() + limit
        listener = Listener(hear, len(speeches), until)
        spare = self._spare(speeches[0].voice)
        if spare is None:
            return await self._spoken(speeches, until, patience, listener)
        try:
            patience_for_chirp = min(patience, _PATIENCE_WITH_FALLBACK)
            return await self._spoken(speeches, until - limit / 2, patience_for_chirp, listener)
        except EngineError as error:
            if listener.has_heard or not _may_fall_back(error):
                raise
            log.warning(
                "a Chirp voice failed, its fallback is asked",
                extra={"voice": spare.name, "reason": type(error).__name__},
            )
        others = [replace(each, voice=spare) for each in speeches]
        audio = await self._spoken(others, until, patience, listener)
        self.fallbacks += 1
        return audio

    def _voice(self, utterance: Utterance) -> Voice:
        name = utterance.voice or self._settings.voice
        voice = self._catalogue.find(name)
        if voice is None:
            raise unknown_voice(name, self._catalogue.like(name, self._settings.voice))
        return voice

    def _named(self, variable: str, name: str) -> Voice:
        voice = self._catalogue.find(name)
        if voice is None:
            near = ", ".join(self._catalogue.like(name, name)) or "none: Google lists no voices"
            raise EngineError(f"{variable}: Google has no voice {name!r}; the nearest are {near}")
        return voice

    def _spare(self, voice: Voice) -> Voice | None:
        """The fallback for that voice: only for Chirp's, and only in the same language."""
        spare = self._catalogue.find(self._settings.fallback or "")
        if spare and voice.family is Family.CHIRP3 and spare.language == voice.language:
            return spare
        return None

    async def _spoken(
        self, speeches: Sequence[Speech], until: float, patience: float, listener: Listener
    ) -> Audio:
        if self._api is None:
            raise EngineError("the engine is not warm: it has no connection to Google")
        if listener.is_there and self._api.streams and speeches[0].voice.family is Family.CHIRP3:
            heard = await self._heard(self._api, speeches, until, patience, listener)
            if heard is not None:
                return heard
        return _usable(await _together([self._piece(self._api, each, until, patience) for each in speeches]))

    async def _heard(
        self, api: Api, speeches: Sequence[Speech], until: float, patience: float, listener: Listener
    ) -> Audio | None:
        """None when nothing was told, and the text is to be made up as a whole."""
        with self._sessions.taken(len(speeches)) as are_free:
            if not are_free:
                return None
            streams = [Stream(api, speech, number, listener) for number, speech in enumerate(speeches)]
            line = self._lines[speeches[0].voice.family]
            try:
                return _usable(await _together([each.spoken(line, until, patience) for each in streams]))
            except NotStreamedError:
                if listener.has_heard:
                    raise
                return None

    async def _piece(self, api: Api, speech: Speech, until: float, patience: float) -> Audio:
        line = self._lines[speech.voice.family]
        sound = await line.ask(partial(api.speak, speech), until, patience)
        try:
            return wav.decode(sound)
        except AudioError as error:
            raise unusable_sound(error) from error


def _speeches(utterance: Utterance, voice: Voice) -> list[Speech]:
    """One for each piece; TextError when the text or its speed cannot be spoken."""
    if not SLOWEST <= utterance.speed <= FASTEST:
        raise TextError(
            f"Google's voices speak at {SLOWEST} to {FASTEST} times their pace, not at {utterance.speed:g}; "
            "write a speed between them"
        )
    if not any(map(str.isalnum, utterance.text)):
        raise TextError("there is neither a letter nor a number in it to speak; write some words")
    sayable = utterance.text.encode(errors="ignore").decode()
    return [Speech(piece, voice, utterance.speed) for piece in pieces(sayable)]


async def _together(work: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """All results in order; at the first error, or when cancelled, none of them goes on."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _may_fall_back(error: EngineError) -> bool:
    return isinstance(error, SentenceError) or not isinstance(error, _NO_FALLBACK_FOR)


def _usable(sounds: Sequence[Audio]) -> Audio:
    try:
        return checked(_joined(sounds))
    except AudioError as error:
        raise unusable_sound(error) from error


def _joined(sounds: Sequence[Audio]) -> Audio:
    rates = {sound.sample_rate for sound in sounds}
    if len(rates) > 1:
        raise AudioError(f"its pieces differ in their sample rates: {sorted(rates)} Hz")
    return Audio(b"".join(sound.samples for sound in sounds), rates.pop())

"""espeak-ng: real speech on any CPU in a hundred languages, one child process an utterance."""

import asyncio
import os
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from subprocess import PIPE, Popen

from voice_server.audio import wav
from voice_server.audio.pcm import Audio, AudioError, checked
from voice_server.engines.base import Answer, EngineError, Job, TextError, UnknownVoiceError, Utterance
from voice_server.engines.sentences import counting
from voice_server.engines.wanted import while_wanted
from voice_server.settings import Environment, SettingsError

PROGRAM = "espeak-ng"
WARM_UP = counting("pt")
_START_WORK = 170.0
"""The program starts in about the time (15 ms) in which it says so many characters."""
SLOWEST, FASTEST = 80, 450
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_LONG_RUN = re.compile(r"\S{60,}")
"""Dots in it are dangerous: letters with dots between them make espeak-ng overrun its own memory at 170 bytes."""
_DAMAGE = re.compile(r"can't read|bad |error|invalid|unknown|wrong", re.IGNORECASE)
"""With a damaged dictionary espeak-ng speaks on and exits with 0; it only says so on the side."""


def create(environment: Environment) -> "Espeak":
    """The engine as `ESPEAK_VOICE`, `ESPEAK_RATE`, `ESPEAK_PITCH` and `VOICE_MODEL_PATH` describe it."""
    data = environment.get("VOICE_MODEL_PATH")
    return Espeak(
        voice=environment.get("ESPEAK_VOICE", "pt-br"),
        rate=_within("ESPEAK_RATE", environment.get("ESPEAK_RATE", "175"), SLOWEST, FASTEST),
        pitch=_within("ESPEAK_PITCH", environment.get("ESPEAK_PITCH", "50"), 0, 99),
        data=Path(data) if data else None,
    )


class Espeak:
    name = "espeak"
    licence = "GPL-3.0-or-later"
    parallel = 1
    largest_batch = 1
    tiers = ("",)

    def __init__(self, voice: str, rate: int, pitch: int, data: Path | None = None) -> None:
        """Speak as `voice` at `rate` words a minute with the data in the folder `data`, else the installed."""
        self._voice = voice
        self._rate = rate
        self._pitch = pitch
        self._data = data
        self._languages: frozenset[str] = frozenset()
        self._timbres: frozenset[str] = frozenset()

    async def warm_up(self) -> None:
        self._languages = _languages(await self._run("--voices"))
        self._timbres = _timbres(await self._run("--voices=variant"))
        if not self._has(self._voice):
            raise EngineError(
                f"ESPEAK_VOICE: there is no voice {self._voice!r}; write one such as pt-br or pt-br+f2"
            )
        await self._speak(Utterance(WARM_UP))

    def voices(self) -> Collection[str]:
        return self._languages

    def work(self, utterance: Utterance) -> float:
        """Characters at natural pace, the start of the program as some more."""
        return _START_WORK + len(utterance.text) / utterance.speed

    def relieve(self) -> bool:
        return False

    async def synthesise(self, batch: Sequence[Job], _: int) -> Sequence[Answer]:
        return [await self._answer(job) for job in batch]

    async def _answer(self, job: Job) -> Answer:
        try:
            return await while_wanted(job, self._speak(job.utterance))
        except EngineError as error:
            return error

    async def _speak(self, utterance: Utterance) -> Audio:
        voice = utterance.voice or self._voice
        if not self._has(voice):
            raise UnknownVoiceError(f"there is no voice {utterance.voice!r}; {self._some_voices()}")
        try:
            return checked(await self._sound(utterance, voice))
        except AudioError as error:
            if utterance.text == WARM_UP:
                raise EngineError(f"{PROGRAM}: {error}") from error
        await self._speak(Utterance(WARM_UP, voice))  # raises where it is not the text's fault
        raise TextError(f"the voice {voice} finds nothing to say in it; write words of its language")

    async def _sound(self, utterance: Utterance, voice: str) -> Audio:
        rate = min(FASTEST, max(SLOWEST, round(self._rate * utterance.speed)))
        output = await self._run(
            "--stdin", "--stdout", "-b", "1", "-v", voice, "-s", str(rate), "-p", str(self._pitch),
            text=_plain(utterance.text),
        )  # fmt: skip
        try:
            return wav.decode(output)
        except AudioError as error:
            raise EngineError(f"{PROGRAM}: {error}") from error

    def _has(self, voice: str) -> bool:
        language, plus, timbre = voice.partition("+")
        return language.lower() in self._languages and (not plus or timbre in self._timbres)

    def _some_voices(self) -> str:
        near = self._voice[:2].lower()
        some = [each for each in sorted(self._languages) if each.startswith(near)][:5]
        return f"write default or one of the {len(self._languages)} voices, such as {', '.join(some)}"

    async def _run(self, *arguments: str, text: str = "") -> bytes:
        # A thread, not asyncio's own child processes: uvloop's fail when one ends before it was written to.
        child = self._started(*arguments)
        talk = asyncio.create_task(asyncio.to_thread(child.communicate, text.encode()))
        try:
            output, complaints = await asyncio.shield(talk)
        finally:
            child.kill()
            await asyncio.wait({talk})
        said = complaints.decode(errors="replace").strip()
        if child.returncode or _DAMAGE.search(said):
            raise EngineError(f"{PROGRAM} ended with {child.returncode}: {said[:200] or 'it said nothing'}")
        return output

    def _started(self, *arguments: str) -> Popen[bytes]:
        command = [PROGRAM, *self._location(), *arguments]
        environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}
        try:
            return Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment)
        except OSError as error:
            raise EngineError(f"{PROGRAM} cannot be started: {error}; install it, or free memory") from error

    def _location(self) -> tuple[str, ...]:
        if self._data is None:
            return ()
        # espeak-ng takes its installed data, and says nothing, when the folder it was told is not there.
        if not self._data.is_dir():
            raise EngineError(
                f"VOICE_MODEL_PATH: there is no folder {self._data}; mount espeak-ng's data there"
            )
        return (f"--path={self._data}",)


def _plain(text: str) -> str:
    """Without what espeak-ng would take for a command, control characters and [[phonemes]], or break by."""
    spoken = _CONTROLS.sub(" ", text).replace("[[", "[ [")
    return _LONG_RUN.sub(lambda run: run[0].replace(".", " "), spoken)


def _languages(listing: bytes) -> frozenset[str]:
    """The language column, without voices that need the mbrola program."""
    rows = re.findall(r"^ *\d+ +(\S+) +\S+ +\S+ +(\S+)", listing.decode(), re.MULTILINE)
    return frozenset(language.lower() for language, file in rows if not file.startswith("mb/"))


def _timbres(listing: bytes) -> frozenset[str]:
    files = re.findall(r"!v/(\S+)", listing.decode())
    return frozenset(files)


def _within(name: str, text: str, least: int, most: int) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise SettingsError(f"{name}: {text!r} is not usable; write a whole number from {least} to {most}")
    return int(text)

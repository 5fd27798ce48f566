"""The engine's part of the environment."""

import re
from dataclasses import dataclass, field
from typing import Self

from voice_server.engines.google.api import Transport
from voice_server.engines.google.quota import MINUTE
from voice_server.engines.google.voices import Family
from voice_server.settings import EngineSettings, Environment, SettingsError

_HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?")
_MOST_A_MINUTE = 100_000
_WAITS = 2
"""For a share of one request at a time, until the voices are listed and two sentences spoken."""


@dataclass(frozen=True, slots=True)
class GoogleSettings:
    """`per_minute` is this pod's share of the quota of the voice's family; `patience` the seconds that a request may
    wait for it and `timeout` those that it may take in all.
    """

    voice: str
    fallback: str | None
    key: str | None = field(repr=False)
    """The content of a key file; None: credentials are looked for where Google's library does."""
    endpoint: str | None
    transport: Transport
    per_minute: int
    patience: float
    timeout: float

    @classmethod
    def read(cls, environment: Environment) -> Self:
        voice = environment.get("GOOGLE_VOICE")
        if not voice:
            raise SettingsError(
                "GOOGLE_VOICE: write a voice, such as pt-BR-Chirp3-HD-Charon or pt-BR-Wavenet-A"
            )
        common = EngineSettings.read(environment)
        return cls(
            voice=voice,
            fallback=_fallback(environment, voice),
            key=environment.get("GOOGLE_CREDENTIALS") or None,
            endpoint=_endpoint(environment),
            transport=_transport(environment),
            per_minute=_per_minute(environment, Family.of(voice), common.warm_up),
            patience=common.wait,
            timeout=common.timeout,
        )


def _fallback(environment: Environment, voice: str) -> str | None:
    fallback = environment.get("GOOGLE_FALLBACK_VOICE") or None
    if fallback is None:
        return None
    if Family.of(voice) is not Family.CHIRP3:
        raise SettingsError(f"GOOGLE_FALLBACK_VOICE: only a Chirp3-HD voice has one, {voice!r} is none")
    if Family.of(fallback) is Family.CHIRP3:
        raise SettingsError(
            f"GOOGLE_FALLBACK_VOICE: {fallback!r} shares the quota of {voice!r}; write one such as pt-BR-Wavenet-A"
        )
    return fallback


def _endpoint(environment: Environment) -> str | None:
    endpoint = environment.get("GOOGLE_TTS_ENDPOINT") or None
    if endpoint and not _HOST.fullmatch(endpoint):
        raise SettingsError(
            f"GOOGLE_TTS_ENDPOINT: {endpoint!r} is not usable; "
            "write a host and perhaps a port, such as eu-texttospeech.googleapis.com"
        )
    return endpoint


def _transport(environment: Environment) -> Transport:
    name = environment.get("GOOGLE_TTS_TRANSPORT") or Transport.GRPC
    if name not in set(Transport):
        raise SettingsError(f"GOOGLE_TTS_TRANSPORT: {name!r} is not usable; write grpc or rest")
    return Transport(name)


def _per_minute(environment: Environment, family: Family, warm_up: float) -> int:
    text = environment.get("GOOGLE_QUOTA_PER_MINUTE") or str(family.per_minute)
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_A_MINUTE:
        raise SettingsError(
            f"GOOGLE_QUOTA_PER_MINUTE: {text!r} is not usable; write a whole number from 1 to {_MOST_A_MINUTE}"
        )
    needed = _WAITS * MINUTE / int(text)
    if needed > warm_up:
        raise SettingsError(
            f"GOOGLE_QUOTA_PER_MINUTE: a pod with {text} requests a minute needs up to {needed:.0f} s to become ready; "
            f"write more, or more than {needed:.0f} in VOICE_WARM_UP_SECONDS"
        )
    return int(text)

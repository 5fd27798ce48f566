"""Sounds for tests: tones, noise, and speech that espeak-ng really spoke."""

import subprocess
from functools import cache

import numpy as np

from voice_server.audio.pcm import Audio
from voice_server.audio.samples import Samples, from_audio, resampled, to_audio

RATE = 24_000
SENTENCE = "Bom dia a todos, esta é a voz que os usuários ouvem agora. Ela fala mais um pouco."


def a_tone(seconds: float, level: float = 0.3, pitch: float = 220, rate: int = RATE) -> Samples:
    """A sine of that peak."""
    moments = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * pitch * moments)).astype(np.float32)


def a_murmur(seconds: float, level: float = 0.3, rate: int = RATE) -> Samples:
    """A tone that rises and falls four times a second, as syllables do, and is never silent."""
    moments = np.arange(round(seconds * rate)) / rate
    return a_tone(seconds, level, rate=rate) * (0.55 - 0.45 * np.cos(8 * np.pi * moments)).astype(np.float32)


def silence(seconds: float, rate: int = RATE) -> Samples:
    return np.zeros(round(seconds * rate), np.float32)


def noise(seconds: float, level: float, rate: int = RATE) -> Samples:
    """White noise with that root mean square, the same at each call."""
    drawn = np.random.default_rng(7).standard_normal(round(seconds * rate))
    return (level * drawn).astype(np.float32)


@cache
def speech(text: str = SENTENCE, voice: str = "pt-br") -> Samples:
    """At 24 kHz; not to be written to."""
    command = ["espeak-ng", "-v", voice, "--stdout", text]
    told = subprocess.run(command, capture_output=True, check=True).stdout
    spoken = resampled(from_audio(Audio(told[44 : len(told) // 2 * 2], 22_050)), 22_050, RATE)
    spoken.setflags(write=False)
    return spoken


def audio(samples: Samples, rate: int = RATE) -> Audio:
    return to_audio(samples, rate)

"""What can be measured of spoken speech without its original."""

import numpy as np

from voice_server.audio.levels import HOP, decibels, is_speech, noise, powers
from voice_server.audio.pcm import Audio
from voice_server.audio.samples import from_audio

CLEANEST = 60.0


def signal_to_noise(audio: Audio) -> float:
    """The SNR in dB, at most 60: the mean power of the windows that are speech, less the noise, over the noise.

    Power over 20 ms windows, the noise from the quietest of them, as in NIST's STNR (quick method). Noise that
    sounds only while the voice does is not seen.
    """
    of_windows = powers(from_audio(audio), audio.sample_rate)
    below = noise(of_windows)
    speech = of_windows[is_speech(of_windows)]
    above = float(speech.mean()) - below if speech.size else 0.0
    return min(CLEANEST, max(0.0, decibels(above) - decibels(below)))


def speaking_rate(text: str, audio: Audio) -> float:
    """Letters and digits of `text` a second, from the first sound of speech to the last; 0 without speech."""
    heard = np.flatnonzero(is_speech(powers(from_audio(audio), audio.sample_rate)))
    if not heard.size:
        return 0.0
    return sum(map(str.isalnum, text)) / float((heard[-1] - heard[0] + 1) * HOP)

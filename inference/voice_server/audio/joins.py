"""Pieces of speech made into one."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from voice_server.audio.pcm import Audio, AudioError
from voice_server.audio.samples import Samples, from_audio, to_audio

FADE = 0.02


def join(pieces: Sequence[Audio], pause: float) -> Audio:
    """The pieces in order with `pause` seconds of silence between them, and no click where they meet.

    Each fades over 20 ms where it meets the next; without a pause the two fades lie over each other.
    """
    if not pieces:
        raise AudioError("there are no pieces to join")
    rates = {piece.sample_rate for piece in pieces}
    if len(rates) > 1:
        raise AudioError(f"pieces at different rates cannot be joined: {sorted(rates)} Hz")
    rate = rates.pop()
    sounds = [from_audio(piece) for piece in pieces]
    fades = [min(round(FADE * rate), len(a) // 2, len(b) // 2) for a, b in pairwise(sounds)]
    gap = round(pause * rate)
    steps = [gap or -fade for fade in fades]
    whole = np.zeros(sum(map(len, sounds)) + sum(steps), np.float32)
    at = 0
    for sound, before, after, step in zip(sounds, [0, *fades], [*fades, 0], [*steps, 0], strict=True):
        whole[at : at + len(sound)] += faded(sound, before, after)
        at += len(sound) + step
    return to_audio(whole, rate)


def faded(sound: Samples, before: int, after: int) -> Samples:
    """Half a cosine at each end: two of them over each other never exceed the louder."""
    shape = np.ones(len(sound), np.float32)
    shape[:before] = _rise(before)
    shape[len(sound) - after :] = _rise(after)[::-1]
    return sound * shape


def _rise(length: int) -> Samples:
    return (0.5 - 0.5 * np.cos(np.pi * (np.arange(length) + 0.5) / max(1, length))).astype(np.float32)

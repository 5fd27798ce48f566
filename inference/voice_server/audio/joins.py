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
    whole = _spaced(sounds, Joiner(rate, pause)) if round(pause * rate) else _overlapped(sounds, rate)
    return to_audio(whole, rate)


class Joiner:
    """`join` of pieces that are still being made up: what leaves, laid end to end, is what it makes of the whole.

    The last 20 ms of a piece are held back until it has ended, for they fade if another follows. AudioError where
    there is no pause: pieces that lie over each other have to be whole.
    """

    def __init__(self, rate: int, pause: float) -> None:
        self._fade = round(FADE * rate)
        self._pause = np.zeros(round(pause * rate), np.float32)
        if not self._pause.size:
            raise AudioError(
                f"a pause of {pause:g} s has no sample at {rate} Hz; pieces are joined there once whole"
            )
        self._held = self._rise = np.zeros(0, np.float32)
        self._may_be_short = False

    def add(self, samples: Samples) -> Samples:
        """What is settled of the current piece, now that it goes on with these samples."""
        known = np.concatenate((self._held, samples))
        settled = max(0, len(known) - self._fade)
        self._held = known[settled:]
        self._may_be_short &= not settled
        return self._risen(known[:settled])

    def next(self) -> Samples:
        """What is left of the current piece, which ends here, and the pause; the next piece begins."""
        tail = faded(self._rest(), 0, len(self._held))
        self._held, self._rise, self._may_be_short = self._held[:0], _rise(self._fade), True
        return np.concatenate((tail, self._pause))

    def finish(self) -> Samples:
        """What is left of the last piece."""
        return self._rest()

    def _rest(self) -> Samples:
        if self._may_be_short:
            self._rise = _rise(len(self._held))
        return self._risen(self._held)

    def _risen(self, sound: Samples) -> Samples:
        rise, self._rise = self._rise[: len(sound)], self._rise[len(sound) :]
        return np.concatenate((sound[: len(rise)] * rise, sound[len(rise) :]))


def faded(sound: Samples, before: int, after: int) -> Samples:
    """Half a cosine at each end: two of them over each other never exceed the louder."""
    shape = np.ones(len(sound), np.float32)
    shape[:before] = _rise(before)
    shape[len(sound) - after :] *= _rise(after)[::-1]
    return sound * shape


def _spaced(sounds: Sequence[Samples], joiner: Joiner) -> Samples:
    *others, last = sounds
    parts = [part for sound in others for part in (joiner.add(sound), joiner.next())]
    return np.concatenate((*parts, joiner.add(last), joiner.finish()))


def _overlapped(sounds: Sequence[Samples], rate: int) -> Samples:
    fades = [min(round(FADE * rate), len(a) // 2, len(b) // 2) for a, b in pairwise(sounds)]
    whole = np.zeros(sum(map(len, sounds)) - sum(fades), np.float32)
    at = 0
    for sound, before, after in zip(sounds, [0, *fades], [*fades, 0], strict=True):
        whole[at : at + len(sound)] += faded(sound, before, after)
        at += len(sound) - after
    return whole


def _rise(length: int) -> Samples:
    return (0.5 - 0.5 * np.cos(np.pi * (np.arange(length) + 0.5) / max(1, length))).astype(np.float32)

"""Where speech ends. About one XTTS line in ten goes on after its text: quiet, then a burst of noise.

A natural ending leaves under 0.2 s of quiet; a line that missed its stop leaves 0.6 s or more before what follows.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_FRAME = 0.01
_QUIET = 0.01
"""Of the loudest frame: -40 dB."""
_KEPT = 0.2
_GAP = 0.6
_BURST = 1.0


class Ending:
    """Holds back what may turn out to be noise after the speech. Give it the sound in any pieces."""

    def __init__(self, sample_rate: int, least: float) -> None:
        """Nothing is cut as a burst before `least` seconds: sooner the text cannot have been said."""
        self._frame = round(_FRAME * sample_rate)
        self._least = round(least / _FRAME)
        self._held: Floats = np.zeros(0, np.float32)
        self._loudness: Floats = np.zeros(0, np.float32)
        self._given = 0

    def hear(self, sound: Floats) -> Floats:
        """What of the sound so far is speech for certain and was not given before."""
        self._held = np.concatenate([self._held, sound])
        whole = len(self._held) // self._frame - (len(self._loudness) - self._given)
        fresh = self._fresh(whole)
        self._loudness = np.concatenate([self._loudness, np.sqrt(np.mean(fresh**2, axis=1))])
        until = _end(self._loudness, self._least)
        return self._give(until)

    def finish(self) -> Floats:
        """The rest of the speech, once there is no more sound; what is left is not speech."""
        if _end(self._loudness, self._least) < len(self._loudness):
            return np.zeros(0, np.float32)
        return self._held

    def _fresh(self, whole: int) -> Floats:
        start = (len(self._loudness) - self._given) * self._frame
        return self._held[start : start + whole * self._frame].reshape(whole, self._frame)

    def _give(self, until: int) -> Floats:
        count = max(0, until - self._given) * self._frame
        given, self._held = self._held[:count], self._held[count:]
        self._given = max(self._given, until)
        return given


def _end(loudness: Floats, least: int) -> int:
    """The frame where speech ends, as far as this loudness tells: a little after the last that counts."""
    loud = np.flatnonzero(loudness > _QUIET * loudness.max(initial=0))
    if not len(loud):
        return 0
    kept = round(_KEPT / _FRAME)
    last = int(loud[-1])
    gaps = np.flatnonzero((np.diff(loud) > round(_GAP / _FRAME)) & (loud[:-1] >= least))
    if len(gaps) and last - int(loud[gaps[-1] + 1]) < round(_BURST / _FRAME):
        last = int(loud[gaps[-1]])
    return min(len(loudness), last + 1 + kept)

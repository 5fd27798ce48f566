"""The sound of a WAV file as numbers: numpy reads it within checked bounds, there is nothing to decode."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from voice_server.audio.headers.riff import A_LAW, FLOAT, INTEGER, MU_LAW, Layout

Floats = NDArray[np.float32]
_Bytes = NDArray[np.uint8]
_PIECE = 65_536


def samples(data: bytes, layout: Layout) -> Floats:
    """What lies there, shape [frames, channels], full scale 1.0. A file of floats may hold infinities and NaN."""
    form = layout.form
    sound = np.frombuffer(data, np.uint8, layout.frames * form.frame, layout.offset)
    return _READ[form.coding, form.bits](sound).reshape(-1, form.channels)


def _integers(kind: str, full_scale: int) -> Callable[[_Bytes], Floats]:
    return lambda sound: _scaled(sound.view(kind), full_scale)


def _scaled(steps: NDArray[np.generic], full_scale: int) -> Floats:
    floats: Floats = steps.astype(np.float32)
    floats /= full_scale
    return floats


def _unsigned(sound: _Bytes) -> Floats:
    return _scaled((sound ^ 128).view(np.int8), 128)


def _of_24_bits(sound: _Bytes) -> Floats:
    widened = np.zeros((len(sound) // 3, 4), np.uint8)
    widened[:, 1:] = sound.reshape(-1, 3)
    return _integers("<i4", 2**31)(widened.reshape(-1))


def _singles(sound: _Bytes) -> Floats:
    # A copy: a chunk may begin at any byte, C code that is handed the samples expects whole words.
    return sound.view("<f4").astype(np.float32)


def _doubles(sound: _Bytes) -> Floats:
    with np.errstate(over="ignore", invalid="ignore"):
        return sound.view("<f8").astype(np.float32)


def _looked_up(meanings: Floats) -> Callable[[_Bytes], Floats]:
    def read(sound: _Bytes) -> Floats:
        floats = np.empty(len(sound), np.float32)
        # Piece by piece: numpy makes eight bytes of each one that it looks something up by.
        for start in range(0, len(sound), _PIECE):
            piece = slice(start, start + _PIECE)
            floats[piece] = meanings[sound[piece]]
        return floats

    return read


def _a_law() -> Floats:
    """What each byte means, by ITU-T G.711."""
    codes = np.arange(256) ^ 0x55
    exponents = codes >> 4 & 7
    steps = ((codes & 15) * 2 + 1 + 32 * (exponents > 0)) << np.maximum(exponents - 1, 0)
    return _scaled(np.where(codes & 128, steps, -steps), 4096)


def _mu_law() -> Floats:
    """What each byte means, by ITU-T G.711."""
    codes = np.arange(256) ^ 0xFF
    steps = (((codes & 15) * 2 + 33) << (codes >> 4 & 7)) - 33
    return _scaled(np.where(codes & 128, -steps, steps), 8192)


_READ: dict[tuple[int, int], Callable[[_Bytes], Floats]] = {
    (INTEGER, 8): _unsigned,
    (INTEGER, 16): _integers("<i2", 2**15),
    (INTEGER, 24): _of_24_bits,
    (INTEGER, 32): _integers("<i4", 2**31),
    (FLOAT, 32): _singles,
    (FLOAT, 64): _doubles,
    (A_LAW, 8): _looked_up(_a_law()),
    (MU_LAW, 8): _looked_up(_mu_law()),
}

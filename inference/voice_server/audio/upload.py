"""Sound files from strangers: their headers are judged first; what has to be decoded is, by a child with limits."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, Popen, TimeoutExpired

import numpy as np
from numpy.typing import NDArray

from voice_server.audio import decode_child, headers, plain
from voice_server.audio.headers.base import Claim
from voice_server.audio.headers.riff import Layout
from voice_server.audio.pcm import AudioError

MIB = 1024 * 1024
LOWEST_RATE, HIGHEST_RATE = 8000, 192_000
MOST_CHANNELS = 2
_PROGRAM = str(Path(decode_child.__file__))
_SAMPLE = 4


@dataclass(frozen=True, slots=True)
class Limits:
    """Of the file: its bytes, its sound in seconds. Of the child: bytes of memory, seconds of CPU, of wall time."""

    size: int = 16 * MIB
    seconds: int = 60
    memory: int = 256 * MIB
    cpu: int = 5
    wall: float = 10.0


USUAL = Limits()


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A decoded file: float32 `samples`, shape [frames, channels], full scale 1.0, at `rate` Hz."""

    samples: NDArray[np.float32]
    rate: int


def read(data: bytes, limits: Limits = USUAL) -> Recording:
    """The sound in a WAV, MP3 or FLAC file; AudioError says what is wrong with it, mostly before it is decoded.

    WAV is read here, in a millisecond. For MP3 and FLAC it blocks for as long as the child lives, about 0.2 s and
    never more than `limits.wall`: call it from a thread. OSError where no child can be started.
    """
    claim = checked_claim(data, limits)
    if isinstance(claim, Layout):
        samples = plain.samples(data, claim)
    else:
        samples = _samples(_decoded(data, claim, limits), claim)
    if not np.isfinite(samples).all():
        raise AudioError("the file holds samples that are not numbers; save it as 16-bit WAV")
    return Recording(samples, claim.rate)


def checked_claim(data: bytes, limits: Limits = USUAL) -> Claim:
    """The header's claim, when it is one that may be decoded; AudioError otherwise."""
    if len(data) > limits.size:
        raise AudioError(f"the file has {len(data)} bytes; send at most {limits.size}")
    claim = headers.claim(data)
    if claim.container == "ogg":
        raise AudioError("Ogg files are not read here; save it as WAV, MP3 or FLAC")
    if claim.container == "flac" and claim.frames is None:
        raise AudioError("the FLAC file does not say how long it is; save it again, or as 16-bit WAV")
    if not LOWEST_RATE <= claim.rate <= HIGHEST_RATE:
        raise AudioError(f"the file claims {claim.rate} Hz; save it at {LOWEST_RATE} to {HIGHEST_RATE} Hz")
    if claim.channels > MOST_CHANNELS:
        raise AudioError(f"the file claims {claim.channels} channels; save it in mono or stereo")
    if claim.duration is not None and claim.duration > limits.seconds:
        raise AudioError(f"the file claims {claim.duration:.0f} s of sound; send at most {limits.seconds} s")
    return claim


def _decoded(data: bytes, claim: Claim, limits: Limits) -> bytes:
    """What the child wrote."""
    with _child(data[claim.offset :], claim, limits) as (child, output):
        try:
            status = child.wait(limits.wall)
        except TimeoutExpired:
            raise AudioError(
                f"the file was not decoded in {limits.wall:g} s; save it as 16-bit WAV"
            ) from None
        with open(output, "rb", closefd=False) as file:
            file.seek(0)
            decoded = file.read()
    if status == decode_child.REFUSED:
        raise AudioError(f"the {claim.container} file cannot be decoded: {decoded.decode(errors='replace')}")
    if status:
        raise AudioError(f"the {claim.container} file took too much to decode; save it as 16-bit WAV")
    return decoded


@contextlib.contextmanager
def _child(data: bytes, claim: Claim, limits: Limits) -> Iterator[tuple[Popen[bytes], int]]:
    """The running child and the file of its output; gone at the end, whatever happened.

    Memory files instead of pipes: nothing to pump, no dead end, and the kernel bounds what the child may write.
    """
    frames = limits.seconds * claim.rate
    output = decode_child.HEAD.size + frames * claim.channels * _SAMPLE
    numbers = map(str, (frames, output, limits.memory, limits.cpu))
    source, sink = os.memfd_create("upload"), os.memfd_create("sound")
    try:
        with open(source, "wb", closefd=False) as file:
            file.write(data)
        os.lseek(source, 0, os.SEEK_SET)
        child = Popen(
            [sys.executable, "-I", _PROGRAM, claim.container, *numbers],
            stdin=source, stdout=sink, stderr=DEVNULL,
            env={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}, cwd="/", start_new_session=True,
        )  # fmt: skip
        try:
            yield child, sink
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
    finally:
        os.close(source)
        os.close(sink)


def _samples(decoded: bytes, claim: Claim) -> NDArray[np.float32]:
    head = decode_child.HEAD
    if decoded[: head.size] != head.pack(claim.rate, claim.channels):
        raise AudioError("the file's sound has another rate or other channels than its header claims")
    samples = np.frombuffer(decoded, "<f4", offset=head.size)
    if not samples.size:
        raise AudioError("there is no sound in the file")
    return samples.reshape(-1, claim.channels).astype(np.float32, copy=False)

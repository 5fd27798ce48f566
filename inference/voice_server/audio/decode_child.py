"""A program of its own: decodes the sound file on its standard input onto its standard output, within limits.

Run by file name, so that it loads nothing of this package: `decode_child.py CONTAINER FRAMES OUTPUT MEMORY CPU`. It
writes the rate and the channels (two little-endian 32-bit numbers), then interleaved float32 samples, and ends with 0;
or it writes what is wrong, in UTF-8, and ends with 65.
"""

import os
import resource
import struct
import sys

import soundfile

REFUSED = 65
HEAD = struct.Struct("<II")
_FORMATS = {"FLAC": "flac", "MP3": "mp3"}


def main(container: str, frames: int, output: int, memory: int, cpu: int) -> int:
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_FSIZE, output),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(what, (most, most))
    try:
        with soundfile.SoundFile(0) as sound:
            if _FORMATS.get(sound.format) != container:
                return _refuse(f"its header says {container}, its sound {sound.format}")
            return _decode(sound, frames)
    except soundfile.LibsndfileError as error:
        return _refuse(error.error_string.removeprefix("Error : "))


def _decode(sound: soundfile.SoundFile, most: int) -> int:
    # In one call: soundfile seeks after each, and MP3 does not go on where it was.
    frame = 4 * sound.channels
    buffer = memoryview(bytearray((most + 1) * frame))
    frames = sound.buffer_read_into(buffer, dtype="float32")
    if frames > most:
        return _refuse(f"its sound goes on after {most / sound.samplerate:g} s")
    os.write(1, HEAD.pack(sound.samplerate, sound.channels))
    left = buffer[: frames * frame]
    while left:
        left = left[os.write(1, left) :]
    return 0


def _refuse(reason: str) -> int:
    os.ftruncate(1, 0)
    os.pwrite(1, reason.encode(), 0)
    return REFUSED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])))

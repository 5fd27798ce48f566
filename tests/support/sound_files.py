"""Sound files for tests: good ones of every kind, and a corpus of bad ones."""

import io
import random
import struct
import zipfile
from collections.abc import Iterator
from functools import cache

import numpy as np
import soundfile

from support.sounds import RATE, a_tone, noise, speech
from voice_server.audio.samples import Samples, resampled

KINDS = {"wav": ("WAV", "PCM_16"), "flac": ("FLAC", "PCM_16"), "mp3": ("MP3", "MPEG_LAYER_III")}
MINUTE = 60


@cache
def a_file(kind: str = "wav", rate: int = RATE, channels: int = 1, coding: str | None = None) -> bytes:
    """Five seconds of speech."""
    return written(resampled(speech(), RATE, rate), kind, rate, channels, coding)


def written(
    samples: Samples, kind: str = "wav", rate: int = RATE, channels: int = 1, coding: str | None = None
) -> bytes:
    container, usual = {**KINDS, "ogg": ("OGG", "OPUS"), "vorbis": ("OGG", "VORBIS")}[kind]
    file = io.BytesIO()
    frames = np.column_stack([samples] * channels)
    soundfile.write(file, frames, rate, format=container, subtype=coding or usual)
    return file.getvalue()


def changed(data: bytes, at: int, value: bytes) -> bytes:
    return data[:at] + value + data[at + len(value) :]


def a_wav(fields: bytes, sound: bytes = bytes(400_000), size: int | None = None) -> bytes:
    """A WAV file with that format chunk, whatever it says."""
    said = struct.pack("<4sI", b"data", len(sound) if size is None else size)
    head = b"RIFF" + struct.pack("<I", 4) + b"WAVEfmt " + struct.pack("<I", len(fields))
    return head + fields + said + sound


def a_format(coding: int = 1, channels: int = 1, rate: int = RATE, bits: int = 16) -> bytes:
    frame = channels * bits // 8
    return struct.pack("<HHIIHH", coding, channels, rate, rate * frame % 2**32, frame, bits)


def a_tag(claimed: int, content: bytes = b"") -> bytes:
    """An ID3v2 tag that claims so many bytes."""
    return b"ID3\4\0\0" + bytes(claimed >> shift & 127 for shift in (21, 14, 7, 0)) + content


def hostile() -> Iterator[tuple[str, bytes]]:
    """More than a hundred files, each with a name; none holds 3 s of speech in a form that it admits to."""
    yield from _cut_short()
    yield from _lying_wav()
    yield from _lying_flac()
    yield from _lying_mp3()
    yield from _something_else()
    yield from _without_speech()


def _cut_short() -> Iterator[tuple[str, bytes]]:
    for kind in KINDS:
        whole = a_file(kind)
        for length in (*range(1, 12), 16, 20, 22, 24, 28, 32, 34, 36, 40, 43, 44, 50):
            yield f"{kind} cut after {length} bytes", whole[:length]
    yield "wav cut in its sound", a_file()[:100_000]
    yield "mp3 cut in its sound", a_file("mp3")[:20_000]


def _lying_wav() -> Iterator[tuple[str, bytes]]:
    wav = a_file()
    for name, at, value in (
        ("no RIFF", 0, b"RIFX"), ("no WAVE", 8, b"AVI "), ("no format", 12, b"junk"), ("no sound", 36, b"junk"),
        ("format of 0 bytes", 16, bytes(4)), ("format of 4 GB", 16, b"\xff" * 4), ("format of 2 GB", 16, b"\0\0\0\x80"),
        ("rate 0", 24, bytes(4)), ("rate 1", 24, b"\1\0\0\0"), ("rate 2^32-1", 24, b"\xff" * 4),
        ("channels 0", 22, bytes(2)), ("channels 65535", 22, b"\xff\xff"), ("bits 0", 34, bytes(2)),
        ("bits 65535", 34, b"\xff\xff"), ("frames of 0 bytes", 32, bytes(2)), ("frames of 65535", 32, b"\xff\xff"),
        ("coding 0", 20, bytes(2)), ("coding 85, MP3", 20, b"\x55\0"),
        ("sound larger than the file", 40, b"\0\0\0\x70"),
    ):  # fmt: skip
        yield f"wav: {name}", changed(wav, at, value)
    for coding in (2, 17, 49, 80, 0x2000, 0xFFFE):
        yield f"wav: coding {coding}", a_wav(a_format(coding))
    for channels in (3, 8, 64, 255):
        yield f"wav: {channels} channels", a_wav(a_format(channels=channels), bytes(1_020_000 * 2))
    yield "wav: a thousand chunks", b"RIFF\0\0\0\0WAVE" + b"junk\0\0\0\0" * 1000
    yield "wav: a million samples a second", a_wav(a_format(rate=1_000_000), bytes(8_000_000))
    yield "wav: an hour", a_wav(a_format(rate=8000, bits=8), bytes(15_000_000))
    yield "wav: no bytes of sound", a_wav(a_format(), b"")
    yield "wav: half a frame", a_wav(a_format(), b"\0")
    for name, number in (("NaN", np.nan), ("infinity", np.inf), ("3e38", 3e38)):
        floats = np.full(5 * RATE, number, "<f4").tobytes()
        yield f"wav: floats of {name}", a_wav(a_format(coding=3, bits=32), floats)


def _lying_flac() -> Iterator[tuple[str, bytes]]:
    flac = a_file("flac")
    yield "flac: 2^36-1 samples", changed(flac, 21, bytes([flac[21] | 15]) + b"\xff" * 4)
    yield "flac: rate 0", changed(flac, 18, b"\0\0" + bytes([flac[20] & 15]))
    yield "flac: rate 655350", changed(flac, 18, b"\x9f\xff" + bytes([flac[20] | 0xF0]))
    yield "flac: 8 channels", changed(flac, 20, bytes([flac[20] | 14]))
    yield "flac: 2 channels where there is one", changed(flac, 20, bytes([flac[20] | 2]))
    yield "flac: another first block", changed(flac, 4, b"\4")
    yield "flac: a block beyond the end", changed(flac, 42, b"\4\xff\xff\xff")
    yield "flac: a thousand blocks", flac[:42] + b"\1\0\0\0" * 1000
    yield "flac: no frames", flac[:42] + b"\x81\0\0\0"
    yield "flac: noise for frames", changed(flac, len(flac) // 3, random.Random(1).randbytes(len(flac) // 2))
    yield "flac: frames of zeros", flac[:42] + b"\x81\0\0\0\xff\xf8" + bytes(100_000)
    yield "flac: no length", changed(flac, 21, bytes([flac[21] & 0xF0]) + bytes(4))


def _lying_mp3() -> Iterator[tuple[str, bytes]]:
    mp3 = a_file("mp3")
    yield "mp3: a tag of 256 MB", a_tag(2**28 - 1) + mp3
    yield "mp3: a tag to the last byte", a_tag(len(mp3), mp3)
    yield "mp3: a tag with a broken size", b"ID3\4\0\0\xff\xff\xff\xff" + mp3
    yield "mp3: tags in tags", b"".join(a_tag(10) for _ in range(1000)) + mp3
    yield "mp3: a tag and nothing", a_tag(1000, bytes(1000))
    yield "mp3: a tag of letters", a_tag(100_000, b"TIT2" * 25_000)
    yield "mp3: free bitrate", changed(mp3, 2, bytes([mp3[2] & 15]))
    yield "mp3: bitrate 15", changed(mp3, 2, bytes([mp3[2] | 0xF0]))
    yield "mp3: reserved rate", changed(mp3, 2, bytes([mp3[2] | 12]))
    yield "mp3: layer II", changed(mp3, 1, bytes([mp3[1] & 0xF9 | 4]))
    yield (
        "mp3: 2^32-1 frames",
        changed(mp3, mp3.index(b"Xing") + 8, b"\xff" * 4),
    )
    endless = written(np.tile(speech(), 14)[: 70 * RATE], "mp3")
    yield "mp3: 70 s that claim nothing", changed(endless, endless.index(b"Xing"), bytes(16))
    head, length = mp3[:4], mp3.index(mp3[:2], 4)
    yield "mp3: two heads and noise", head + bytes(length - 4) + head + random.Random(2).randbytes(50_000)
    yield "mp3: heads alone", head * 50_000


def _something_else() -> Iterator[tuple[str, bytes]]:
    yield "empty", b""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("voice.wav", bytes(5_000_000))
    yield "a zip named wav", archive.getvalue()
    for name, head in (
        ("png", b"\x89PNG\r\n\x1a\n"), ("pdf", b"%PDF-1.7\n"), ("elf", b"\x7fELF\2\1\1"), ("html", b"<html><script>"),
        ("m4a", b"\0\0\0\x20ftypM4A "), ("aiff", b"FORM\0\1\0\0AIFFCOMM"), ("au", b".snd\0\0\0\x18"),
        ("w64", b"riff\x2e\x91\xcf\x11"), ("rf64", b"RF64\xff\xff\xff\xffWAVEds64"), ("caf", b"caff\0\1\0\0"),
        ("script", b"#!/bin/sh\nrm -rf /\n"), ("midi", b"MThd\0\0\0\6"), ("webm", b"\x1aE\xdf\xa3"),
    ):  # fmt: skip
        yield name, head + bytes(4000)
    yield "ogg opus", written(speech(), "ogg")
    for seed in range(20):
        yield f"random bytes {seed}", random.Random(seed).randbytes(1 + seed * 997)
    yield "sixteen megabytes and one", bytes(16 * 1024 * 1024 + 1)


def _without_speech() -> Iterator[tuple[str, bytes]]:
    yield "silence", written(np.zeros(5 * RATE, np.float32))
    yield "a hum that nobody hears", written(np.full(5 * RATE, 2e-4, np.float32), coding="FLOAT")
    yield "noise", written(noise(5, 0.1))
    yield "a tone", written(a_tone(5))
    yield "speech that nobody hears", written(speech() * np.float32(0.003), coding="FLOAT")
    yield "a second of speech", written(speech()[:RATE])
    yield (
        "two seconds of speech and silence",
        written(np.concatenate([speech()[: 2 * RATE], np.zeros(5 * RATE, "f4")])),
    )

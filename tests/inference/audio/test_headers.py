import contextlib
from io import BytesIO

import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from support.sound_files import a_file, a_format, a_tag, a_wav, changed, written
from support.sounds import RATE, speech
from voice_server.audio import headers
from voice_server.audio.headers.base import Claim
from voice_server.audio.headers.mpeg import frame
from voice_server.audio.pcm import AudioError


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [16_000, 24_000, 48_000])
@pytest.mark.parametrize("kind", ["wav", "flac", "mp3"])
def test_a_header_says_what_libsndfile_finds(kind: str, rate: int, channels: int) -> None:
    data = a_file(kind, rate, channels)

    found, truth = headers.claim(data), soundfile.info(BytesIO(data))

    assert (found.container, found.rate, found.channels) == (kind, truth.samplerate, truth.channels)
    assert found.frames == pytest.approx(truth.frames, abs=0 if kind != "mp3" else 4 * 1152)


@pytest.mark.parametrize("coding", ["PCM_U8", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ALAW", "ULAW"])
def test_every_plain_coding_of_wav_is_known(coding: str) -> None:
    assert headers.claim(a_file(coding=coding)).frames == len(speech())


@pytest.mark.parametrize(("kind", "rate"), [("ogg", 48_000), ("vorbis", RATE)])
def test_an_ogg_file_says_how_long_it_sounds(kind: str, rate: int) -> None:
    found = headers.claim(written(speech()[: 2 * RATE], kind))

    assert (found.container, found.rate, found.channels) == ("ogg", rate, 1)
    assert found.duration == pytest.approx(2, abs=0.05)


def test_what_stands_before_the_sound_of_an_mp3_file_is_passed_over() -> None:
    tagged = a_tag(1000, bytes(1000)) + bytes(50) + a_file("mp3")

    assert headers.claim(tagged) == Claim("mp3", RATE, 1, headers.claim(a_file("mp3")).frames, offset=1060)


@pytest.mark.parametrize("size", [0, 0x7FFF_F000, 0xFFFF_FFFF])
def test_a_wav_file_from_a_pipe_has_what_is_there(size: int) -> None:
    assert headers.claim(a_wav(a_format(), bytes(100), size)).frames == 50


@pytest.mark.parametrize(
    ("head", "samples", "rate", "channels", "length"),
    [
        ("fffb9064", 1152, 44_100, 2, 417),
        ("fffb92c4", 1152, 44_100, 1, 418),
        ("fff384c4", 576, 24_000, 1, 192),
        ("ffe318c4", 576, 8000, 1, 72),
    ],
)
def test_frames_are_as_long_as_the_standard_says(
    head: str, samples: int, rate: int, channels: int, length: int
) -> None:
    found = frame(bytes.fromhex(head))

    assert found
    assert (found.samples, found.rate, found.channels, found.length) == (samples, rate, channels, length)


@pytest.mark.parametrize("kind", ["wav", "flac", "mp3"])
@settings(deadline=None)
@given(data=st.data())
def test_no_bytes_raise_anything_but_audio_error(kind: str, data: st.DataObject) -> None:
    whole = a_file(kind)[:2000]
    at = data.draw(st.integers(0, 120))
    broken = changed(whole, at, data.draw(st.binary(min_size=1, max_size=8)))

    for content in (broken, whole[:at], broken[: data.draw(st.integers(0, 2000))]):
        with contextlib.suppress(AudioError):
            assert headers.claim(content).rate > 0

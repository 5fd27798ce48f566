"""WAV as numbers, against libsndfile, and against whoever wants it to read where nothing of the sound is."""

import tracemalloc
from io import BytesIO

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from support.sound_files import a_file, a_format, a_wav, changed
from support.sounds import RATE
from voice_server.audio import plain
from voice_server.audio.headers import riff
from voice_server.audio.pcm import AudioError

INTEGERS = [(riff.INTEGER, 8), (riff.INTEGER, 16), (riff.INTEGER, 24), (riff.INTEGER, 32)]
LAWS = [(riff.A_LAW, 8), (riff.MU_LAW, 8)]
FLOATS = [(riff.FLOAT, 32), (riff.FLOAT, 64)]


def read(data: bytes) -> plain.Floats:
    return plain.samples(data, riff.claim(data))


def truth(data: bytes) -> plain.Floats:
    samples, _ = soundfile.read(BytesIO(data), dtype="float32", always_2d=True)
    return np.asarray(samples, np.float32)


@pytest.mark.parametrize(("coding", "bits"), INTEGERS + LAWS)
@settings(deadline=None)
@given(sound=st.binary(min_size=16, max_size=400), channels=st.integers(1, 2))
def test_any_bytes_mean_what_libsndfile_reads_in_them(
    coding: int, bits: int, sound: bytes, channels: int
) -> None:
    data = a_wav(a_format(coding, channels, bits=bits), sound)

    assert np.array_equal(read(data), truth(data))


@pytest.mark.parametrize(("coding", "bits"), FLOATS)
@settings(deadline=None)
@given(
    numbers=st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=2, max_size=50),
    channels=st.integers(1, 2),
)
def test_floats_are_what_they_are(coding: int, bits: int, numbers: list[float], channels: int) -> None:
    data = a_wav(a_format(coding, channels, bits=bits), np.array(numbers, f"<f{bits // 8}").tobytes())

    assert np.array_equal(read(data), truth(data))
    assert read(data).ravel().tolist() == numbers[: len(numbers) // channels * channels]


@pytest.mark.parametrize("law", LAWS)
def test_every_byte_of_a_telephones_law_is_known(law: tuple[int, int]) -> None:
    data = a_wav(a_format(*law[:1], bits=law[1]), bytes(range(256)))

    assert np.array_equal(read(data), truth(data))


@pytest.mark.parametrize(
    "coding", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ALAW", "ULAW"]
)
@pytest.mark.parametrize("channels", [1, 2])
def test_speech_is_read_from_every_coding(coding: str, channels: int) -> None:
    data = a_file(channels=channels, coding=coding)

    assert np.array_equal(read(data), truth(data))


def test_what_is_too_large_or_no_number_is_left_to_the_caller() -> None:
    numbers = np.array([1e300, -1e300, np.nan, 0.5], "<f8")

    found = read(a_wav(a_format(riff.FLOAT, bits=64), numbers.tobytes())).ravel()

    assert np.array_equal(found, np.array([np.inf, -np.inf, np.nan, 0.5], np.float32), equal_nan=True)


@pytest.mark.parametrize(("coding", "bits"), INTEGERS + LAWS + FLOATS)
@given(frames=st.integers(1, 40), torn=st.integers(0, 15), behind=st.binary(max_size=40))
def test_nothing_behind_the_sound_is_heard_and_no_torn_frame(
    coding: int, bits: int, frames: int, torn: int, behind: bytes
) -> None:
    frame = 2 * bits // 8
    sound = bytes(frames * frame)
    torn %= frame
    clean = a_wav(a_format(coding, 2, bits=bits), sound)
    followed = a_wav(a_format(coding, 2, bits=bits), sound + b"\x7f" * torn + behind, len(sound) + torn)

    assert read(followed).shape == (frames, 2)
    assert np.array_equal(read(followed), read(clean))


@settings(deadline=None)
@given(data=st.data())
def test_a_broken_header_is_refused_or_read_within_the_file(data: st.DataObject) -> None:
    whole = a_file()[:400]
    broken = changed(whole, data.draw(st.integers(0, 60)), data.draw(st.binary(min_size=1, max_size=8)))
    broken = broken[: data.draw(st.integers(0, 400))]
    try:
        layout = riff.claim(broken)
    except AudioError:
        return
    assert layout.offset + layout.frames * layout.form.frame <= len(broken)
    assert plain.samples(broken, layout).shape == (layout.frames, layout.form.channels)


@pytest.mark.parametrize(("coding", "bits"), INTEGERS + LAWS + FLOATS)
def test_reading_takes_little_more_memory_than_what_comes_of_it(coding: int, bits: int) -> None:
    data = a_wav(a_format(coding, 2, bits=bits), bytes(4_000_000))
    layout = riff.claim(data)

    tracemalloc.start()
    found = plain.samples(data, layout)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < 2.5 * found.nbytes


def test_samples_lie_as_processors_want_them_wherever_they_begin() -> None:
    data = bytes(13) + np.ones(9, "<f4").tobytes()
    form = riff.Form(riff.FLOAT, 32, 1, RATE)

    found = plain.samples(data, riff.Layout("wav", RATE, 1, frames=9, offset=13, form=form))

    assert found.flags.aligned
    assert found.ravel().tolist() == [1.0] * 9

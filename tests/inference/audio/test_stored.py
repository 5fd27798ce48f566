"""What is kept of a recording speaks as what was sent."""

from collections.abc import Callable
from io import BytesIO
from typing import TypeVar

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from support.sound_files import a_file, a_format, a_wav
from support.sounds import RATE, a_murmur, a_tone, noise, silence, speech
from voice_server.audio import upload
from voice_server.audio.pcm import AudioError
from voice_server.audio.reference import prepare
from voice_server.audio.samples import Samples, resampled
from voice_server.audio.stored import HIGHEST_RATE, encoded
from voice_server.audio.upload import Recording, read

T = TypeVar("T")


def a_part(kind: str, seconds: float, loss: float) -> Samples:
    """That many seconds of one kind of sound, `loss` dB below its usual level."""
    made = {
        "silence": silence(seconds),
        "noise": noise(seconds, 0.1),
        "tone": a_tone(seconds),
        "murmur": a_murmur(seconds),
        "speech": np.resize(speech(), round(seconds * RATE)),
    }[kind]
    return made * np.float32(10 ** (-loss / 20))


PARTS = st.builds(
    a_part,
    st.sampled_from(["silence", "noise", "tone", "murmur", "speech"]),
    st.floats(0.2, 7),
    st.sampled_from([0, 0, 20, 29, 31, 33, 60]),
)


@pytest.fixture
def no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "_PROGRAM", "/no/such/program")


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (22_050, 2), (HIGHEST_RATE, 2)])
@pytest.mark.parametrize("kind", ["wav", "flac", "mp3"])
def test_the_reference_is_the_same_to_the_bit(
    kind: str, rate: int, channels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = read(a_file(kind, rate, channels))
    file = encoded(sent)
    monkeypatch.setattr(upload, "_PROGRAM", "/no/such/program")

    kept = prepare(read(file))

    whole = prepare(sent)
    assert np.array_equal(kept.samples, whole.samples)
    assert (kept.rate, kept.clipped, kept.warnings) == (whole.rate, whole.clipped, whole.warnings)


def test_it_is_a_file_that_others_can_read() -> None:
    file = encoded(read(a_file(coding="PCM_24")))

    about = soundfile.info(BytesIO(file))
    samples, _ = soundfile.read(BytesIO(file), dtype="float32")

    assert (about.format, about.subtype, about.channels, about.samplerate) == ("WAV", "FLOAT", 1, RATE)
    assert np.array_equal(samples, read(file).samples[:, 0])


def test_nothing_is_left_of_the_file_that_it_came_in() -> None:
    tagged = a_file() + b"LIST\x1c\0\0\0INFOICMT\x10\0\0\0Rua das Flores 7"

    assert b"Flores" not in encoded(read(tagged))


@pytest.mark.usefixtures("no_child")
def test_the_longest_upload_may_be_read_again() -> None:
    minute = np.resize(speech(), (60 * 192_000, 1))

    file = encoded(Recording(minute, 192_000))

    assert read(file).rate == HIGHEST_RATE
    assert len(read(file).samples) == 60 * HIGHEST_RATE


@pytest.mark.parametrize("channels", [1, 2])
def test_what_goes_far_beyond_full_scale_is_not_kept(channels: int) -> None:
    floats = np.full(10 * RATE, 3e38, "<f4").tobytes()

    with pytest.raises(AudioError, match=r"samples go up to 3e\+38; full scale is 1\.0"):
        encoded(read(a_wav(a_format(coding=3, channels=channels, bits=32), floats)))


def outcome(make: Callable[[], T]) -> T | str:
    """What is made, or the reason why not."""
    try:
        return make()
    except AudioError as error:
        return str(error)


@pytest.mark.parametrize("engines", [22_050, RATE])
@settings(max_examples=40)
@given(parts=st.lists(PARTS, min_size=1, max_size=4), rate=st.sampled_from([8000, 22_050, HIGHEST_RATE]))
def test_what_is_kept_can_be_used_by_every_engine_and_what_is_not_by_none(
    engines: int, parts: list[Samples], rate: int
) -> None:
    recording = Recording(resampled(np.concatenate(parts), RATE, rate)[:, np.newaxis], rate)

    kept = outcome(lambda: encoded(recording))

    if isinstance(kept, str):
        assert outcome(lambda: prepare(recording, engines)) == kept
    else:
        reference = prepare(read(kept), engines)
        assert 3 <= reference.duration <= 12
        assert np.abs(reference.samples).max() <= 1

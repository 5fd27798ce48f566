"""What is kept of a recording speaks as what was sent."""

from io import BytesIO

import numpy as np
import pytest
import soundfile

from support.sound_files import a_file, a_format, a_wav
from support.sounds import RATE, speech
from voice_server.audio import upload
from voice_server.audio.pcm import AudioError
from voice_server.audio.reference import prepare
from voice_server.audio.stored import HIGHEST_RATE, encoded
from voice_server.audio.upload import Recording, read


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
    assert (kept.digest, kept.clipped, kept.warnings) == (whole.digest, whole.clipped, whole.warnings)


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

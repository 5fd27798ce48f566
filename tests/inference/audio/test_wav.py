import struct
import wave
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_server.audio import wav
from voice_server.audio.pcm import Audio, AudioError

SOUND = Audio(struct.pack("<4h", 1, -2, 3, -4), 22_050)
sounds = st.builds(
    lambda frames, rate: Audio(struct.pack(f"<{len(frames)}h", *frames), rate),
    st.lists(st.integers(-32768, 32767), max_size=50),
    st.integers(1, 192_000),
)


@given(sounds)
def test_a_sound_survives_its_file(sound: Audio) -> None:
    assert wav.decode(wav.encode(sound)) == sound


@given(sounds)
def test_the_standard_library_reads_what_is_written(sound: Audio) -> None:
    with wave.open(BytesIO(wav.encode(sound))) as file:
        read = Audio(file.readframes(file.getnframes()), file.getframerate())

    assert read == sound


@given(sounds, st.data())
def test_a_file_that_is_cut_short_anywhere_is_refused(sound: Audio, data: st.DataObject) -> None:
    whole = wav.encode(sound)
    cut = data.draw(st.integers(0, len(whole) - 1))

    with pytest.raises(AudioError):
        wav.decode(whole[:cut])


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_audio_error(data: bytes) -> None:
    for content in (data, b"RIFF\0\0\0\0WAVE" + data, wav.encode(SOUND)[:36] + data):
        try:
            wav.decode(content)
        except AudioError:
            continue


def test_a_file_from_a_pipe_that_could_not_know_its_length_is_read_to_its_end() -> None:
    written = bytearray(wav.encode(SOUND))
    written[40:44] = struct.pack("<I", 0x7FFFF000)

    assert wav.decode(bytes(written)) == SOUND


def test_other_chunks_before_the_sound_are_passed_over() -> None:
    whole = wav.encode(SOUND)
    listed = whole[:36] + b"LIST" + struct.pack("<I", 3) + b"abc\0" + whole[36:]

    assert wav.decode(listed) == SOUND


@pytest.mark.parametrize(
    ("at", "value", "message"),
    [
        (0, b"RIFX", "not a WAV file"),
        (20, struct.pack("<H", 3), "coding 3"),
        (22, struct.pack("<H", 2), "2 channels"),
        (34, struct.pack("<H", 8), "8 bits"),
        (24, struct.pack("<I", 0), "not mono 16-bit PCM"),
        (12, b"junk", "does not say its format"),
    ],
)
def test_a_file_that_is_not_mono_16_bit_pcm_says_what_it_is(at: int, value: bytes, message: str) -> None:
    changed = bytearray(wav.encode(SOUND))
    changed[at : at + len(value)] = value

    with pytest.raises(AudioError, match=message):
        wav.decode(bytes(changed))

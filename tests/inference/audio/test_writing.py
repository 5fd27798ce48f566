"""Speech that leaves while it is being made up. ffmpeg hears it as browsers do; libsndfile is what Python has."""

import weakref
from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import pairwise
from typing import get_args

import av
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from support.sounds import RATE, a_murmur, audio, speech
from voice_server.audio import answers, wav
from voice_server.audio.encoding import Encoder
from voice_server.audio.formats import Format
from voice_server.audio.pcm import SAMPLE_BYTES, Audio, AudioError
from voice_server.audio.provenance import Mark
from voice_server.audio.samples import Samples, from_audio, resampled

FORMATS: tuple[Format, ...] = get_args(Format)
FILES = tuple(form for form in FORMATS if form != "pcm")
ENCODER = Encoder(Mark("f5", "CC-BY-NC-4.0"))
RATES = [8000, 22_050, 24_000, 44_100]
HALF_A_SECOND = audio(speech()[: RATE // 2])
HELD_BACK = {"wav": 0.0, "pcm": 0.0, "flac": 0.05, "mp3": 0.13, "opus": 0.16}
"""Seconds of sound, at 22,050 and 24,000 Hz."""
MP3_DELAY = 1105
"""Samples of silence before the sound: LAME's 576 and a decoder's 529."""


def bits(sound: Audio, length: int) -> Iterator[Audio]:
    """The sound in bits of so many samples."""
    step = length * SAMPLE_BYTES
    for at in range(0, len(sound.samples), step):
        yield Audio(sound.samples[at : at + step], sound.sample_rate)


def written(form: Format, parts: Iterable[Audio], rate: int = RATE, encoder: Encoder = ENCODER) -> bytes:
    writing = encoder.begin(form, rate)
    return b"".join([*map(writing.more, parts), writing.end()])


def heard(data: bytes, form: Format, rate: int) -> Samples:
    """What ffmpeg decodes, brought to that rate; the samples themselves where there is nothing to decode."""
    if form == "pcm":
        return from_audio(Audio(data, rate))
    with av.open(BytesIO(data)) as file:
        frames = [frame.to_ndarray()[0] for frame in file.decode(audio=0)]
        given = file.streams.audio[0].rate
    decoded = np.concatenate(frames)
    floats = decoded.astype(np.float32) / (32768 if decoded.dtype == np.int16 else 1)
    return resampled(floats[MP3_DELAY:] if form == "mp3" else floats, given, rate)


def decibels(spoken: Samples, back: Samples) -> float:
    """How far the difference lies below what was spoken."""
    error = back[: len(spoken)] - spoken
    return float(10 * np.log10(np.mean(spoken**2) / max(np.mean(error**2), 1e-12)))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(
    ("form", "keeps", "beyond"),
    [("wav", 90, 0), ("pcm", 90, 0), ("flac", 90, 0), ("mp3", 18, 2 * 1152), ("opus", 5, 1)],
)
def test_the_speech_is_heard_from_start_to_end(form: Format, rate: int, keeps: float, beyond: int) -> None:
    sound = audio(resampled(speech()[: 2 * RATE], RATE, rate), rate)

    back = heard(written(form, bits(sound, 999), rate), form, rate)
    spoken = from_audio(sound)

    assert len(spoken) - 1 <= len(back) <= len(spoken) + beyond
    assert decibels(spoken[: len(back)], back) > keeps


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("form", ["wav", "flac", "opus"])
def test_what_is_heard_is_what_the_whole_file_says(form: Format, rate: int) -> None:
    sound = audio(resampled(speech()[:RATE], RATE, rate), rate)

    in_bits = heard(written(form, bits(sound, 777), rate), form, rate)

    assert np.array_equal(in_bits, heard(ENCODER.encode(sound, form)[0], form, rate))


@pytest.mark.parametrize("form", ["wav", "pcm", "flac", "mp3"])  # Ogg draws a serial number
@settings(deadline=None, max_examples=20)
@given(cuts=st.lists(st.integers(0, len(HALF_A_SECOND.samples) // SAMPLE_BYTES), max_size=8).map(sorted))
def test_where_the_speech_is_cut_into_bits_changes_no_byte(form: Format, cuts: list[int]) -> None:
    ends = [0, *cuts, len(HALF_A_SECOND.samples) // SAMPLE_BYTES]
    parts = [Audio(HALF_A_SECOND.samples[2 * a : 2 * b], RATE) for a, b in pairwise(ends)]

    assert written(form, parts) == written(form, [HALF_A_SECOND])


@pytest.mark.parametrize("rate", [22_050, 24_000])
@pytest.mark.parametrize("form", FORMATS)
def test_the_speech_leaves_early(form: Format, rate: int) -> None:
    """Of each second that was given, in bits of 10 ms, all but what the codec holds back can be heard."""
    sound = audio(resampled(speech()[: 2 * RATE], RATE, rate), rate)
    writing, there, given = ENCODER.begin(form, rate), b"", 0.0
    for count, bit in enumerate(bits(sound, rate // 100)):
        there, given = there + writing.more(bit), given + bit.duration
        if count % 10 == 9 and given > 0.25:
            assert given - len(heard(there, form, rate)) / rate <= HELD_BACK[form] + 1e-6


@pytest.mark.parametrize("form", FORMATS)
def test_the_first_bytes_come_with_the_first_sound(form: Format) -> None:
    assert ENCODER.begin(form, RATE).more(HALF_A_SECOND)


@pytest.mark.parametrize("form", FORMATS)
def test_the_gateway_takes_a_stream_for_what_it_says_it_is(form: Format) -> None:
    body = written(form, bits(HALF_A_SECOND, 1000))

    assert ENCODER.begin(form, RATE).media_type == ENCODER.encode(HALF_A_SECOND, form)[1]
    answers.check(body, ENCODER.begin(form, RATE).media_type)


@pytest.mark.parametrize("form", FILES)
def test_a_stream_says_from_its_start_that_no_person_spoke(form: Format) -> None:
    writing = ENCODER.begin(form, RATE)
    start = writing.more(audio(speech()[:RATE]))

    for there in (start, start + writing.end()):
        with soundfile.SoundFile(BytesIO(there)) as sound:
            assert sound.comment == "Synthetic speech by f5 (CC-BY-NC-4.0); no person said this"
            if form != "mp3":
                assert sound.software.startswith("voice-server")


@pytest.mark.parametrize("form", ["wav", "mp3", "opus"])
def test_libsndfile_hears_a_stream_to_its_end(form: Format) -> None:
    """Of FLAC it finds the beginning only: without a length it cannot seek, and soundfile does at each read."""
    sound = a_murmur(8)

    back, _ = soundfile.read(BytesIO(written(form, [audio(sound)])), dtype="float32")

    assert len(back) >= len(sound)


def test_a_wav_stream_does_not_say_how_long_it_is() -> None:
    body = written("wav", bits(HALF_A_SECOND, 1000))
    before, _, behind = body.partition(b"data")

    assert before[:12] == b"RIFF\xff\xff\xff\xffWAVE"
    assert behind == b"\xff\xff\xff\xff" + HALF_A_SECOND.samples
    assert wav.decode(body) == HALF_A_SECOND


def test_an_mp3_stream_begins_with_sound_and_holds_one_rate_of_bits() -> None:
    """No frame is kept free for totals: it would be silence, and what it says of the length nothing."""
    body = written("mp3", [audio(speech())])

    assert b"Xing" not in body
    assert b"Info" not in body
    with av.open(BytesIO(body)) as file:
        sizes = [packet.size for packet in file.demux(audio=0) if packet.size]
    assert len(set(sizes)) == 1


@pytest.mark.parametrize("form", FORMATS)
def test_the_shortest_sound_makes_a_stream(form: Format) -> None:
    body = written(form, [audio(speech()[20_000:20_001])])

    answers.check(body, ENCODER.begin(form, RATE).media_type)


@pytest.mark.parametrize("form", FORMATS)
def test_no_sound_is_nothing(form: Format) -> None:
    writing = ENCODER.begin(form, RATE)

    assert not writing.more(audio(np.zeros(0, np.float32)))
    with pytest.raises(AudioError, match="ends before its first sound"):
        writing.end()


@pytest.mark.parametrize("form", FORMATS)
def test_speech_cannot_go_on_at_another_rate(form: Format) -> None:
    with pytest.raises(AudioError, match="at 22050 Hz cannot go on at 24000 Hz"):
        ENCODER.begin(form, RATE).more(Audio(HALF_A_SECOND.samples, 22_050))


@pytest.mark.parametrize("form", FORMATS)
def test_the_watermark_marks_each_piece_as_a_whole(form: Format) -> None:
    lengths = []

    def whisper(samples: Samples, _: int) -> Samples:
        lengths.append(len(samples))
        return samples * np.float32(0.95)

    pieces = list(bits(HALF_A_SECOND, 5000))
    marked = written(form, pieces, encoder=Encoder(ENCODER.mark, whisper))

    assert lengths == [5000, 5000, 2000]
    assert heard(marked, form, RATE).std() == pytest.approx(
        0.95 * heard(written(form, pieces), form, RATE).std(), rel=0.01
    )


def test_speech_is_refused_rather_than_spoiled_by_its_watermark() -> None:
    writing = Encoder(ENCODER.mark, lambda samples, _: samples * np.float32(0.5)).begin("wav", RATE)

    with pytest.raises(AudioError, match="would be heard"):
        writing.more(HALF_A_SECOND)


@pytest.mark.parametrize("form", ["mp3", "opus", "flac"])
def test_a_stream_that_nobody_ends_keeps_no_memory(form: Format) -> None:
    writing = ENCODER.begin(form, RATE)
    writing.more(HALF_A_SECOND)
    codec = weakref.ref(writing._stream)

    del writing

    assert codec() is None

import numpy as np
import pyloudnorm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.sounds import RATE, a_murmur, noise, silence, speech
from voice_server.audio.pcm import AudioError
from voice_server.audio.reference import LOUDNESS, prepare
from voice_server.audio.samples import Samples, resampled
from voice_server.audio.upload import Recording


def a_recording(*parts: Samples, rate: int = RATE) -> Recording:
    return Recording(np.concatenate(parts)[:, np.newaxis], rate)


def loudness(samples: Samples) -> float:
    return float(pyloudnorm.Meter(RATE).integrated_loudness(samples.astype(np.float64)))


def sentences(count: int, pause: float = 0.5) -> list[Samples]:
    return [part for _ in range(count) for part in (speech(), silence(pause))]


@pytest.mark.parametrize("gain", [0.05, 0.3, 1.0])
def test_every_reference_is_as_loud_as_the_others(gain: float) -> None:
    assert loudness(prepare(a_recording(speech() * np.float32(gain))).samples) == pytest.approx(
        LOUDNESS, abs=0.1
    )


def test_a_single_loud_knock_does_not_make_the_reference_clip() -> None:
    knocked = speech() * np.float32(0.05)
    knocked[RATE] = 1.0

    assert np.abs(prepare(a_recording(knocked)).samples).max() <= 1.0


def test_silence_at_both_ends_is_taken_away() -> None:
    reference = prepare(a_recording(silence(4), speech(), silence(6)))

    assert reference.duration == pytest.approx(len(speech()) / RATE, abs=0.5)
    assert not reference.needs_transcript


@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100, 48_000])
def test_every_rate_becomes_the_one_asked_for(rate: int) -> None:
    reference = prepare(a_recording(resampled(speech(), RATE, rate), rate=rate), 22_050)

    assert reference.rate == 22_050
    assert reference.duration == pytest.approx(len(speech()) / RATE, abs=0.3)


def test_more_than_twelve_seconds_are_cut_in_a_pause_and_their_old_text_is_void() -> None:
    reference = prepare(a_recording(*sentences(4)))

    assert 3 <= reference.duration <= 12
    assert reference.needs_transcript
    assert np.abs(reference.samples[-RATE // 50 :]).max() < 1e-3
    assert reference.warnings == ()


def test_speech_without_a_pause_is_cut_where_it_is_quietest_and_says_so() -> None:
    reference = prepare(a_recording(a_murmur(20)))

    assert 3 <= reference.duration <= 12
    assert reference.needs_transcript
    assert reference.warnings == (
        "no pause in the first 12 s: the recording was cut in the middle of speech",
    )
    assert abs(reference.samples[-1]) < 1e-3


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.floats(0.5, 9), st.floats(0, 2)), min_size=1, max_size=6))
def test_a_reference_has_three_to_twelve_seconds_or_there_is_none(parts: list[tuple[float, float]]) -> None:
    sounds = [part for tone, pause in parts for part in (a_murmur(tone), silence(pause))]
    longest = sum(map(len, sounds)) / RATE
    if longest < 3:
        with pytest.raises(AudioError, match="record 3 to 12 s of speech"):
            prepare(a_recording(*sounds))
        return
    try:
        reference = prepare(a_recording(*sounds))
    except AudioError:
        assert longest - parts[-1][1] < 3.3
        return
    assert 3 <= reference.duration <= 12
    assert reference.needs_transcript or reference.duration >= longest - parts[-1][1] - 0.3


@pytest.mark.parametrize("level", [-36, -24])
def test_noise_is_measured_beside_speech_of_the_usual_loudness(level: float) -> None:
    spoken = speech() * np.float32(10 ** ((LOUDNESS - loudness(speech())) / 20))
    noisy = np.concatenate([silence(1), spoken, silence(1)])
    noisy += noise(len(noisy) / RATE, 10 ** (level / 20))[: len(noisy)]

    reference = prepare(a_recording(noisy * np.float32(0.2)))

    assert reference.noise == pytest.approx(level + LOUDNESS - loudness(noisy), abs=2)
    assert bool(reference.warnings) is (level > -30)


def test_clipping_is_measured_and_said() -> None:
    reference = prepare(a_recording((speech() * 8).clip(-1, 1).astype(np.float32)))

    assert 0.05 < reference.clipped < 0.3
    assert any("samples are clipped: record at a lower level" in text for text in reference.warnings)


def test_speech_from_the_telephone_is_taken_with_a_warning() -> None:
    reference = prepare(a_recording(resampled(speech(), RATE, 8000), rate=8000))

    assert [text[:19] for text in reference.warnings] == ["recorded at 8000 Hz"]


@pytest.mark.parametrize("offset", [0.02, 0.1, -0.3])
def test_what_a_bad_recorder_adds_throughout_is_neither_noise_nor_voice(offset: float) -> None:
    clean = a_recording(*sentences(2))
    found, wanted = prepare(Recording(clean.samples + np.float32(offset), clean.rate)), prepare(clean)

    assert np.allclose(found.samples, wanted.samples, atol=1e-3)
    assert (found.warnings, found.needs_transcript) == (wanted.warnings, wanted.needs_transcript)


def test_the_samples_cannot_be_changed() -> None:
    reference = prepare(a_recording(speech()))

    with pytest.raises(ValueError, match="read-only"):
        reference.samples[0] = 1

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from support.sounds import RATE, a_tone, audio, noise, silence, speech
from voice_server.audio.levels import is_speech, powers
from voice_server.audio.quality import CLEANEST, signal_to_noise, speaking_rate
from voice_server.audio.samples import Samples


def with_noise(clean: Samples, snr: float) -> Samples:
    loud = powers(clean, RATE)
    level = float(np.sqrt(loud[is_speech(loud)].mean() / 10 ** (snr / 10)))
    return clean + noise(len(clean) / RATE, level)[: len(clean)]


@pytest.mark.parametrize("voice", ["pt-br", "en-us", "pt-br+f2"])
@pytest.mark.parametrize("snr", [15, 20, 22, 25, 30])
def test_the_noise_under_speech_is_told_to_two_decibels(voice: str, snr: float) -> None:
    spoken = with_noise(speech(voice=voice), snr)

    assert signal_to_noise(audio(spoken)) == pytest.approx(snr, abs=2)


def test_speech_without_noise_is_as_clean_as_can_be_told() -> None:
    assert signal_to_noise(audio(speech())) == CLEANEST


def test_noise_alone_has_no_signal() -> None:
    assert signal_to_noise(audio(noise(1, 0.1))) == 0


@settings(deadline=None)
@given(arrays(np.float32, st.integers(1, 2000), elements=st.floats(-1, 1, width=32)))
def test_every_sound_has_a_ratio_and_a_rate(samples: Samples) -> None:
    assert 0 <= signal_to_noise(audio(samples)) <= CLEANEST
    assert 0 <= speaking_rate("Bom dia", audio(samples)) < 1e4


def test_the_rate_counts_letters_and_digits_while_there_is_speech() -> None:
    sound = np.concatenate([silence(2), a_tone(0.5), silence(0.5), a_tone(0.5), silence(3)])

    assert speaking_rate("Olá, são 10!", audio(sound)) == pytest.approx(8 / 1.5, rel=0.03)


def test_silence_has_no_rate() -> None:
    assert speaking_rate("Olá", audio(silence(1))) == 0

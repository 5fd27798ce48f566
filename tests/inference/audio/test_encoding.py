import subprocess
import sys
from io import BytesIO
from typing import get_args

import numpy as np
import pytest
import soundfile

from support.sounds import RATE, audio, speech
from voice_server.audio import wav
from voice_server.audio.encoding import Encoder
from voice_server.audio.formats import Format
from voice_server.audio.provenance import Mark
from voice_server.audio.samples import from_audio, resampled

FORMATS: tuple[Format, ...] = get_args(Format)
FILES = tuple(form for form in FORMATS if form != "pcm")
ENCODER = Encoder(Mark("f5", "CC-BY-NC-4.0"))
RATES = [8000, 22_050, 24_000, 44_100]
SHORT = audio(speech()[:RATE])
KEEPS = {"wav": 90, "flac": 90, "mp3": 20, "opus": 5}
"""dB that a format's own noise stays below the speech."""


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("form", FILES)
def test_every_format_gives_the_speech_back_at_every_rate(form: Format, rate: int) -> None:
    sound = audio(resampled(speech()[: 2 * RATE], RATE, rate), rate)
    body, _ = ENCODER.encode(sound, form)

    heard, heard_rate = soundfile.read(BytesIO(body), dtype="float32")
    back = resampled(heard, heard_rate, rate)
    spoken = from_audio(sound)

    assert heard_rate >= rate
    assert len(back) == pytest.approx(len(spoken), abs=2)
    error = back[: len(spoken)] - spoken[: len(back)]
    assert 10 * np.log10(np.mean(spoken**2) / max(np.mean(error**2), 1e-12)) > KEEPS[form] - 60 * (
        rate != heard_rate
    )


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("wav", "audio/wav"),
        ("mp3", "audio/mpeg"),
        ("opus", "audio/ogg;codecs=opus"),
        ("flac", "audio/flac"),
        ("pcm", "audio/pcm;rate=24000;channels=1;bits=16"),
    ],
)
def test_each_format_has_its_media_type(form: Format, expected: str) -> None:
    assert ENCODER.encode(SHORT, form)[1] == expected


@pytest.mark.parametrize("form", FILES)
def test_a_file_says_that_no_person_spoke(form: Format) -> None:
    body, _ = ENCODER.encode(SHORT, form)

    with soundfile.SoundFile(BytesIO(body)) as sound:
        assert sound.comment == "Synthetic speech by f5 (CC-BY-NC-4.0); no person said this"
        if form != "mp3":  # libsndfile writes no ID3 for the software
            assert sound.software.startswith("voice-server")


def test_the_mark_leaves_the_wav_file_readable_as_before() -> None:
    sound = audio(speech())

    assert wav.decode(ENCODER.encode(sound, "wav")[0]) == sound


def test_bare_samples_are_nothing_but_samples() -> None:
    sound = audio(speech())

    assert ENCODER.encode(sound, "pcm")[0] == sound.samples


@pytest.mark.parametrize("form", FORMATS)
def test_the_shortest_sound_can_be_encoded(form: Format) -> None:
    assert ENCODER.encode(audio(speech()[20_000:20_001]), form)[0]


@pytest.mark.parametrize("form", FORMATS)
def test_the_watermark_is_in_every_format(form: Format) -> None:
    marked = Encoder(ENCODER.mark, lambda samples, _: samples * np.float32(0.95))

    assert marked.encode(SHORT, form) != ENCODER.encode(SHORT, form)


def test_the_gateway_starts_without_what_only_an_engine_needs() -> None:
    program = "import sys, voice_server.gateway.app; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    ).stdout

    assert not {"numpy", "soundfile", "soxr", "pyloudnorm", "faster_whisper"} & set(loaded.split())

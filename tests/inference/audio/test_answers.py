import pytest

from support.sound_files import a_file, changed
from support.sounds import audio, speech
from voice_server.audio import answers
from voice_server.audio.encoding import Encoder
from voice_server.audio.formats import Format
from voice_server.audio.pcm import AudioError
from voice_server.audio.provenance import Mark

ENCODER = Encoder(Mark("espeak", "GPL-3.0-or-later"))
FILES: tuple[Format, ...] = ("wav", "mp3", "opus", "flac")


@pytest.mark.parametrize("form", [*FILES, "pcm"])
def test_what_the_encoder_makes_is_an_answer(form: Format) -> None:
    answers.check(*ENCODER.encode(audio(speech()), form))


@pytest.mark.parametrize(
    "media", ["audio/x-wav", "audio/wave; charset=binary", "AUDIO/WAV", "audio/vnd.wave"]
)
def test_other_names_for_the_same_type_will_do(media: str) -> None:
    answers.check(a_file(), media)


def test_a_type_that_is_not_known_here_is_believed() -> None:
    answers.check(b"\xff\xf1 something", "audio/aac")


@pytest.mark.parametrize("form", FILES)
@pytest.mark.parametrize("kept", [0, 4, 40, 60])
def test_an_answer_that_ends_before_its_sound_is_noticed(form: Format, kept: int) -> None:
    body, media = ENCODER.encode(audio(speech()), form)

    with pytest.raises(AudioError):
        answers.check(body[:kept], media)


@pytest.mark.parametrize("form", ["wav", "mp3", "opus"])
def test_an_answer_that_lost_its_second_half_is_noticed(form: Format) -> None:
    body, media = ENCODER.encode(audio(speech()), form)

    with pytest.raises(AudioError, match="cut short"):
        answers.check(body[: len(body) // 2], media)


@pytest.mark.parametrize(
    ("body", "media", "message"),
    [
        (b"<html>it crashed</html>", "audio/mpeg", "like none of them"),
        (b'{"error": "out of memory"}', "audio/wav", "like none of them"),
        (a_file(), "audio/mpeg", "audio/mpeg, but the file is wav"),
        (a_file(), "text/html", "media type text/html"),
        (a_file(), "", "media type missing"),
        (b"", "audio/pcm;rate=24000", "0 bytes"),
        (changed(a_file("flac"), 22, bytes(4))[:86], "audio/flac", "ends, or breaks|cut short"),
    ],
)
def test_what_is_not_the_sound_it_claims_to_be_is_noticed(body: bytes, media: str, message: str) -> None:
    with pytest.raises(AudioError, match=message):
        answers.check(body, media)

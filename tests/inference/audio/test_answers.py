from collections.abc import Callable
from functools import cache
from io import BytesIO

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.sound_files import a_file, a_format, a_tag, a_wav, changed, hostile, written
from support.sounds import RATE, audio, speech
from voice_server.audio import answers
from voice_server.audio.encoding import Encoder
from voice_server.audio.formats import Format
from voice_server.audio.pcm import AudioError
from voice_server.audio.provenance import Mark

ENCODER = Encoder(Mark("espeak", "GPL-3.0-or-later"))
FILES: tuple[Format, ...] = ("wav", "mp3", "opus", "flac")
NEXT = {"mp3": 200, "flac": 4096}
"""Bytes of the next frame by which ffmpeg makes sure of one."""
HEAD = 20
"""Bytes of a frame that ffmpeg takes for sound already."""
HALF_A_SECOND = audio(speech()[: RATE // 2])


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


def whole(form: Format) -> tuple[bytes, str]:
    return ENCODER.encode(HALF_A_SECOND, form)


def streamed(form: Format) -> tuple[bytes, str]:
    writing = ENCODER.begin(form, RATE)
    return writing.more(HALF_A_SECOND) + writing.end(), writing.media_type


@cache
def beginning(made: Callable[[Format], tuple[bytes, str]], form: Format) -> list[bool]:
    """Whether each prefix of such a file has begun, from the empty one on."""
    body, media = made(form)
    return [answers.begun(body[:length], media) for length in range(len(body) + 1)]


@pytest.mark.parametrize("form", [*FILES, "pcm"])
@pytest.mark.parametrize("made", [whole, streamed])
def test_a_file_begins_once_and_for_good(made: Callable[[Format], tuple[bytes, str]], form: Format) -> None:
    begun = beginning(made, form)

    assert begun == sorted(begun)
    assert (begun[0], begun[-1]) == (False, True)


@pytest.mark.parametrize("form", FILES)
@pytest.mark.parametrize("made", [whole, streamed])
def test_a_file_that_has_begun_can_be_heard_already(
    made: Callable[[Format], tuple[bytes, str]], form: Format
) -> None:
    body, _ = made(form)
    first = beginning(made, form).index(True)

    assert has_sound(body[: first + NEXT.get(form, 0)])
    assert not has_sound(body[: first - HEAD])


def has_sound(data: bytes) -> bool:
    """Whether ffmpeg finds anything to decode."""
    try:
        with av.open(BytesIO(data)) as file:
            return any(packet.size for packet in file.demux(audio=0))
    except av.FFmpegError:
        return False


@pytest.mark.parametrize("kind", ["wav", "mp3", "flac", "ogg", "vorbis"])
def test_other_programs_files_begin_early(kind: str) -> None:
    body = written(speech(), kind)
    media = {"vorbis": "audio/ogg", "mp3": "audio/mpeg"}.get(kind, f"audio/{kind}")

    assert answers.begun(body[: len(body) * 3 // 4], media)


def test_of_a_type_that_is_not_known_any_byte_is_sound() -> None:
    assert [answers.begun(body, "audio/aac") for body in (b"", b"\xff")] == [False, True]


@pytest.mark.parametrize(
    ("head", "media", "message"),
    [
        (b"", "text/html", "media type text/html"),
        (b"", "", "media type missing"),
        (b'{"error": "out of memory"}', "audio/wav", "like none of them"),
        (b"\0" * 12, "audio/mpeg", "like none of them"),
        (a_file(), "audio/mpeg", "audio/mpeg, but the file is wav"),
        (a_wav(a_format(coding=2)), "audio/wav", "coding 2"),
        (a_wav(a_format(rate=0)), "audio/wav", "no samples"),
        (a_wav(a_format()[:4]), "audio/wav", "4 bytes"),
        (changed(a_file(), 12, b"data"), "audio/wav", "does not say its format"),
        (b"RIFF\0\0\0\0WAVE" + b"junk\0\0\0\0" * 65, "audio/wav", "chunks before its sound"),
        (a_file("flac")[:42] + b"\1\0\0\0" * 65, "audio/flac", "blocks before its sound"),
        (a_file("flac")[:42] + b"\x81\0\0\0" + bytes(2), "audio/flac", "where its sound should begin"),
        (a_file("mp3")[:4] + bytes(2000), "audio/mpeg", "two frames"),
        (a_tag(10, bytes(10)) + bytes(5000), "audio/mpeg", "two frames"),
        (a_tag(2**21), "audio/mpeg", None),
        (a_tag(2**21) + bytes(2**20), "audio/mpeg", "no sound in its first"),
        (a_file("ogg")[:47] * 65, "audio/ogg", "pages before its sound"),
        (a_file("ogg")[:47] + bytes(50), "audio/ogg", "between two pages"),
    ],
)
def test_what_can_never_become_sound_is_told_from_what_has_not_yet(
    head: bytes, media: str, message: str | None
) -> None:
    if message is None:
        assert not answers.begun(head, media)
        return
    with pytest.raises(AudioError, match=message):
        answers.begun(head, media)


@pytest.mark.parametrize("media", ["audio/wav", "audio/mpeg", "audio/flac", "audio/ogg"])
def test_what_can_never_become_sound_is_refused_at_its_end_too(media: str) -> None:
    for name, content in hostile():
        try:
            begun = answers.begun(content, media)
        except AudioError:
            with pytest.raises(AudioError):
                answers.check(content, media)
        else:
            assert not begun or media_of(content) == media, name


def media_of(content: bytes) -> str:
    return {b"RIFF": "audio/wav", b"fLaC": "audio/flac", b"OggS": "audio/ogg"}.get(content[:4], "audio/mpeg")


@given(st.binary(max_size=200), st.sampled_from(["audio/wav", "audio/mpeg", "audio/flac", "audio/ogg"]))
def test_what_never_can_begin_never_does_whatever_follows(noise: bytes, media: str) -> None:
    refused = False
    for length in range(len(noise) + 1):
        try:
            answers.begun(noise[:length], media)
        except AudioError:
            refused = True
        else:
            assert not refused

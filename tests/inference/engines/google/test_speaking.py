"""What is asked of Google and what comes back, over both of its transports."""

import asyncio
import re

import pytest

from support.google_tts import CHIRP, ENGLISH, WAVENET, GoogleTts, Made, Warm, ask, tone
from voice_server.audio.pcm import Audio
from voice_server.engines.base import EngineError, Job, TextError, UnknownVoiceError, Utterance
from voice_server.engines.google.voices import Catalogue, Voice

TEXT = "O ano é dois mil e vinte e seis."


async def test_the_text_is_spoken_in_the_voice_of_the_settings(warm: Warm, transport: str) -> None:
    assert await ask(await warm(transport), TEXT) == tone(TEXT, CHIRP)


async def test_another_voice_may_be_asked_for_in_any_case(warm: Warm, transport: str) -> None:
    engine = await warm(transport)

    assert await ask(engine, TEXT, voice="PT-br-wavenet-a") == tone(TEXT, WAVENET)


@pytest.mark.parametrize("speed", [0.25, 0.5, 2.0])
async def test_speed_is_google_s_speaking_rate(warm: Warm, google: GoogleTts, speed: float) -> None:
    assert await ask(await warm(), TEXT, speed=speed) == tone(TEXT, CHIRP, speed)
    assert google.heard[0].audio_config.speaking_rate == speed


async def test_what_nobody_asked_for_is_not_sent(warm: Warm, google: GoogleTts) -> None:
    await ask(await warm(), TEXT)

    [request] = google.heard
    assert {field.name for field, _ in type(request).pb(request).audio_config.ListFields()} == {
        "audio_encoding"
    }
    assert request.input.text == TEXT


@pytest.mark.parametrize("speed", [0.2, 2.5, 4.0])
async def test_a_speed_beyond_google_s_is_refused_before_it_is_asked(
    warm: Warm, google: GoogleTts, speed: float
) -> None:
    answer = await ask(await warm(), TEXT, speed=speed)

    assert isinstance(answer, TextError)
    assert str(answer) == (
        f"Google's voices speak at 0.25 to 2.0 times their pace, not at {speed:g}; write a speed between them"
    )
    assert google.heard == []


@pytest.mark.parametrize("text", ["...", " \n ", "😀", "!?", "\ud800"])
async def test_a_text_without_words_is_refused_and_not_billed(
    warm: Warm, google: GoogleTts, text: str
) -> None:
    assert isinstance(await ask(await warm(), text), TextError)
    assert google.heard == []


async def test_half_a_character_is_left_out(warm: Warm, google: GoogleTts) -> None:
    assert await ask(await warm(), "Bom \ud800dia") == tone("Bom dia")


async def test_a_long_text_is_spoken_in_pieces_joined_in_order(
    warm: Warm, google: GoogleTts, transport: str
) -> None:
    text = " ".join(f"Esta é a frase número {number}." for number in range(400))

    answer = await ask(await warm(transport), text)

    assert " ".join(sorted(google.texts, key=text.index)) == text
    assert all(len(piece.encode()) <= 5000 and piece.endswith(".") for piece in google.texts)
    sounds = [tone(piece).samples for piece in sorted(google.texts, key=text.index)]
    assert len(sounds) == 3
    assert answer == Audio(b"".join(sounds), 24_000)


async def test_everybody_hears_his_own_text(warm: Warm, google: GoogleTts, transport: str) -> None:
    engine = await warm(transport, GOOGLE_QUOTA_PER_MINUTE="10000")
    texts = [f"Eu sou o número {number}" for number in range(60)]

    answers = await asyncio.gather(*(ask(engine, text) for text in texts))

    assert answers == [tone(text) for text in texts]


async def test_each_job_of_a_batch_has_its_own_answer(warm: Warm, google: GoogleTts) -> None:
    utterances = [Utterance("Um"), Utterance("Dois", "none"), Utterance("Três")]

    first, second, third = await (await warm()).synthesise(
        [Job(each, lambda: True) for each in utterances], 0
    )

    assert (first, third) == (tone("Um"), tone("Três"))
    assert isinstance(second, UnknownVoiceError)


@pytest.mark.parametrize(
    ("voice", "near"),
    [
        ("pt-BR-Wavenet-Z", "pt-BR-Wavenet-A"),
        ("pt-BR-Chirp3-HD-Caron", "pt-BR-Chirp3-HD-Charon"),
        ("en-US-Chirp3-HD-Puck", ENGLISH),
        ("nova", "pt-BR-Chirp3-HD-Kore"),
        ("Charon", "pt-BR-Chirp3-HD-Charon"),
        ("en-US", ENGLISH),
        ("fr-FR-Wavenet-A", "pt-BR-Wavenet-A"),
        ("", "pt-BR"),
    ],
)
async def test_an_unknown_voice_is_refused_with_those_nearest_to_it(
    warm: Warm, google: GoogleTts, voice: str, near: str
) -> None:
    answer = await ask(await warm(), TEXT, voice=voice or "?")

    assert isinstance(answer, UnknownVoiceError)
    assert str(answer).startswith(f"there is no voice {voice or '?'!r}; write default or one such as ")
    assert near in str(answer)
    assert google.heard == []


async def test_the_voices_of_its_language_are_offered_before_those_of_a_like_name(warm: Warm) -> None:
    answer = await ask(await warm(), TEXT, voice="en-US-Wavenet-A")

    assert re.findall(r"[a-z]{2}-[A-Z]{2}-[-\w]+", str(answer).partition("such as")[2]) == [
        ENGLISH,
        "en-US-Studio-O",
    ]


def test_of_many_voices_those_next_to_the_name_are_offered() -> None:
    names = [
        f"{language}-Wavenet-{letter}" for language in ("es-ES", "pt-BR", "pt-PT") for letter in "ABCDEFGH"
    ]
    catalogue = Catalogue(Voice(name, name[:5]) for name in names)

    assert catalogue.like("pt-br-wavenet-dd", "pt-PT-Wavenet-A") == [
        f"pt-BR-Wavenet-{each}" for each in "CDEFG"
    ]
    assert catalogue.like("pt-BR-Wavenet-Z", "") == [f"pt-BR-Wavenet-{each}" for each in "DEFGH"]
    assert catalogue.like("ana", "pt-PT-Wavenet-A") == [f"pt-PT-Wavenet-{each}" for each in "ABCDE"]
    assert catalogue.like("xx-XX-Wavenet-A", "xx-XX-Wavenet-A") == names[-5:]
    assert Catalogue([]).like("ana", "pt-PT-Wavenet-A") == []


async def test_voices_are_listed_without_those_of_another_model(warm: Warm) -> None:
    voices = (await warm()).voices()

    assert {CHIRP, WAVENET, ENGLISH} < set(voices)
    assert "Charon" not in voices


@pytest.mark.parametrize("variable", ["GOOGLE_VOICE", "GOOGLE_FALLBACK_VOICE"])
async def test_a_voice_of_the_settings_that_google_does_not_have_is_named(
    engine: Made, variable: str
) -> None:
    wrong = {"GOOGLE_VOICE": "pt-BR-Chirp3-HD-Caron", "GOOGLE_FALLBACK_VOICE": "pt-BR-Wavenet-Q"}[variable]

    with pytest.raises(
        EngineError, match=f"{variable}: Google has no voice '{wrong}'; the nearest are pt-BR-"
    ):
        await engine(**{variable: wrong}).warm_up()


async def test_before_the_warm_up_there_is_nobody_to_ask(engine: Made) -> None:
    assert isinstance(await ask(engine(), TEXT), EngineError)

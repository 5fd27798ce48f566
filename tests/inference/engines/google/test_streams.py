"""Whoever listens to a Chirp voice hears it while Google makes it up."""

import asyncio
from random import Random

import pytest
from google.cloud import texttospeech_v1 as tts
from google.rpc import code_pb2
from hypothesis import given
from hypothesis import strategies as st

from support.google_refusals import Refusal, unstreamed
from support.google_tts import CHIRP, WAVENET, Ear, GoogleTts, Streamed, Warm, ask, tone
from support.google_wire import wire
from support.voice import until
from voice_server.audio.pcm import Audio
from voice_server.engines.base import OverloadedError
from voice_server.engines.google.line import Line
from voice_server.engines.google.streams import SESSIONS, Listener, Sessions
from voice_server.engines.google.voices import Family

TEXT = "O ano é dois mil e vinte e seis."
LONG = " ".join(f"Esta é a frase número {number}." for number in range(250))


async def test_a_listener_hears_the_beginning_while_the_end_is_not_made_up_yet(
    warm: Warm, google: GoogleTts, ear: Ear
) -> None:
    engine, end = await warm(), asyncio.Event()
    google.script = [Streamed(before={2: end})]
    talk = asyncio.create_task(ask(engine, TEXT, hear=ear.append))
    await until(lambda: len(ear), is_=2)

    assert tone(TEXT).samples.startswith(ear.samples)
    assert not talk.done()
    end.set()
    assert await talk == tone(TEXT) == Audio(ear.samples, 24_000)


async def test_he_is_told_whole_samples_though_messages_end_within_them(warm: Warm, ear: Ear) -> None:
    await ask(await warm(), TEXT, hear=ear.append)

    assert len(ear) > 2
    assert all(len(bit.samples) % 2 == 0 and bit.sample_rate == 24_000 for bit in ear)


@pytest.mark.parametrize("speed", [1.0, 0.5, 2.0])
async def test_a_stream_asks_for_bare_sound_at_google_s_rate(
    warm: Warm, google: GoogleTts, ear: Ear, speed: float
) -> None:
    assert await ask(await warm(), TEXT, speed=speed, hear=ear.append) == tone(TEXT, CHIRP, speed)

    [config] = google.streams
    assert config.streaming_audio_config == tts.StreamingAudioConfig(
        audio_encoding=tts.AudioEncoding.PCM,
        sample_rate_hertz=24_000,
        speaking_rate=0.0 if speed == 1.0 else speed,
    )
    assert (config.voice.name, config.voice.language_code) == (CHIRP, "pt-BR")
    assert google.texts == [TEXT]


async def test_without_a_listener_nothing_is_streamed(warm: Warm, google: GoogleTts) -> None:
    assert await ask(await warm(), TEXT) == tone(TEXT)
    assert google.streams == []


@pytest.mark.parametrize(
    ("transport", "voice"), [("grpc", WAVENET), ("grpc", "en-US-Studio-O"), ("rest", CHIRP)]
)
async def test_what_google_does_not_stream_is_made_up_as_a_whole(
    warm: Warm, google: GoogleTts, ear: Ear, transport: str, voice: str
) -> None:
    assert await ask(await warm(transport), TEXT, voice=voice, hear=ear.append) == tone(TEXT, voice)
    assert ear == []
    assert google.streams == []


@pytest.mark.parametrize("refusal", [unstreamed(), Refusal(code_pb2.UNIMPLEMENTED, "Method not found.")])
async def test_so_is_what_it_refuses_to_stream(
    warm: Warm, google: GoogleTts, ear: Ear, refusal: Refusal
) -> None:
    engine = await warm()
    google.script = [refusal]

    assert await ask(engine, TEXT, hear=ear.append) == tone(TEXT)
    assert ear == []
    assert (google.texts, len(google.streams)) == ([TEXT, TEXT], 1)


async def test_pieces_are_told_in_their_order_whichever_is_made_up_first(
    warm: Warm, google: GoogleTts, ear: Ear
) -> None:
    engine, gates = await warm(), [asyncio.Event(), asyncio.Event()]
    google.script = [Streamed(before={1: gate}) for gate in gates]
    talk = asyncio.create_task(ask(engine, LONG, hear=ear.append))
    await until(lambda: (google.hanging, len(ear)), is_=(2, 1))
    first, second = sorted(google.texts, key=LONG.index)
    gates[google.texts.index(second)].set()
    await until(lambda: google.open, is_=1)

    assert len(ear) == 1
    assert tone(first).samples.startswith(ear.samples)
    gates[google.texts.index(first)].set()
    assert await talk == Audio(tone(first).samples + tone(second).samples, 24_000)
    assert ear.samples == tone(first).samples + tone(second).samples


async def test_everybody_hears_his_own_text(warm: Warm) -> None:
    engine = await warm(GOOGLE_QUOTA_PER_MINUTE="10000")
    ears = {f"Eu sou o número {number}": Ear() for number in range(30)}

    await asyncio.gather(*(ask(engine, text, hear=ear.append) for text, ear in ears.items()))

    assert {text: ear.samples for text, ear in ears.items()} == {text: tone(text).samples for text in ears}


async def test_a_listener_who_leaves_ends_the_stream_at_google_s(
    warm: Warm, google: GoogleTts, ear: Ear
) -> None:
    engine = await warm()
    google.script = [Streamed(before={2: asyncio.Event()})]

    assert await ask(engine, TEXT, wanted=lambda: len(ear) < 2, hear=ear.append) is None
    await until(lambda: google.cancelled, is_=1)
    await until(lambda: google.open, is_=0)


async def test_who_leaves_before_there_is_a_connection_has_asked_for_nothing(
    warm: Warm, google: GoogleTts, ear: Ear
) -> None:
    async with wire(google.grpc) as line:
        engine = await warm(GOOGLE_TTS_ENDPOINT=line.address)
        line.held = asyncio.Event()
        line.cut()

        assert await ask(engine, "Um", wanted=lambda: not line.waiting, hear=ear.append) is None
        line.held.set()
        assert await ask(engine, "Dois", hear=ear.append) == tone("Dois")
    assert google.texts == ["Dois"]


async def test_a_cancelled_engine_cancels_its_streams(warm: Warm, google: GoogleTts, ear: Ear) -> None:
    engine = await warm()
    google.script = [None]
    talk = asyncio.create_task(ask(engine, TEXT, hear=ear.append))
    await until(lambda: google.hanging, is_=1)
    talk.cancel()

    with pytest.raises(asyncio.CancelledError):
        await talk
    await until(lambda: google.cancelled, is_=1)


async def test_streams_and_whole_texts_share_one_quota(warm: Warm, google: GoogleTts, ear: Ear) -> None:
    engine = await warm()
    engine._lines[Family.CHIRP3] = Line(Family.CHIRP3, per_minute=1)

    assert await ask(engine, "Um", hear=ear.append) == tone("Um")
    assert isinstance(await ask(engine, "Dois"), OverloadedError)
    assert isinstance(await ask(engine, "Três", hear=ear.append), OverloadedError)
    assert google.texts == ["Um"]


async def test_who_finds_no_free_session_waits_for_none_and_is_spoken_to_as_a_whole(
    warm: Warm, google: GoogleTts, ear: Ear
) -> None:
    engine, end, other = await warm(), asyncio.Event(), Ear()
    engine._sessions, google.sessions = Sessions(1), 1
    google.script = [Streamed(before={2: end})]
    talk = asyncio.create_task(ask(engine, "Um", hear=ear.append))
    await until(lambda: len(ear), is_=2)

    assert await ask(engine, "Dois", hear=other.append) == tone("Dois")
    assert other == []
    end.set()
    assert await talk == tone("Um")
    assert await ask(engine, "Três", hear=other.append) == tone("Três")
    assert other.samples == tone("Três").samples


def test_there_are_never_more_sessions_than_google_grants() -> None:
    sessions = Sessions()

    with sessions.taken(SESSIONS - 1) as most, sessions.taken(2) as too_many, sessions.taken(1) as last:
        assert (most, too_many, last) == (True, False, True)
    with sessions.taken(SESSIONS) as all_of_them:
        assert all_of_them


@given(st.lists(st.lists(st.binary(max_size=5), max_size=4), min_size=1, max_size=4), st.randoms())
def test_bits_laid_end_to_end_are_the_pieces_in_order(pieces: list[list[bytes]], random: Random) -> None:
    loud = [[b"\xff", *messages, b"\x7f"] for messages in pieces]
    ear, waiting = Ear(), {number: list(messages) for number, messages in enumerate(loud)}
    listener = Listener(ear.append, len(loud), 0.0)

    while waiting:
        piece = random.choice(list(waiting))
        if waiting[piece]:
            listener.tell(piece, waiting[piece].pop(0))
        else:
            del waiting[piece]
            listener.end(piece)

    said = b"".join(b"".join(messages) for messages in loud)
    assert ear.samples == said[: len(said) // 2 * 2]
    assert all(bit.samples for bit in ear)

import asyncio
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import soundfile

from support.held import children, most_resident
from support.sound_files import a_file, a_format, a_tag, a_wav, hostile, written
from support.sounds import RATE, speech
from support.voice import SOON
from voice_server.audio import upload
from voice_server.audio.headers import riff
from voice_server.audio.headers.base import Claim
from voice_server.audio.pcm import AudioError
from voice_server.audio.reference import Reference, prepare
from voice_server.audio.upload import MIB, Limits, read

CORPUS = dict(hostile())


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def peak_memory(*, anew: bool = False) -> int:
    if anew:
        Path("/proc/self/clear_refs").write_text("5")
    return most_resident()


@pytest.fixture(autouse=True)
def _no_child_and_no_file_left() -> Iterator[None]:
    before, files = children(), open_files()
    yield
    assert children() <= before
    assert open_files() <= files


@pytest.mark.parametrize(("rate", "channels"), [(16_000, 1), (22_050, 2), (48_000, 2)])
@pytest.mark.parametrize("kind", ["wav", "flac", "mp3"])
def test_a_file_is_read_as_libsndfile_reads_it(kind: str, rate: int, channels: int) -> None:
    data = a_file(kind, rate, channels)

    recording = read(data)

    assert recording.rate == rate
    truth, _ = soundfile.read(BytesIO(data), dtype="float32", always_2d=True)
    assert recording.samples.shape == truth.shape
    assert np.abs(recording.samples - truth).max() < 1e-6


def test_no_child_is_needed_for_wav(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "_PROGRAM", "/no/such/program")

    assert len(read(a_file()).samples) == len(speech())
    with pytest.raises(AudioError, match="took too much to decode"):
        read(a_file("flac"))


def test_the_header_of_a_wav_file_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    walks: list[int] = []
    walk = riff._chunks
    monkeypatch.setattr(riff, "_chunks", lambda data: walks.append(len(data)) or walk(data))

    read(a_file())

    assert walks == [len(a_file())]


def test_a_flac_file_that_turns_out_to_be_another_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "checked_claim", lambda *_: Claim("flac", RATE, 1, 1000))

    with pytest.raises(AudioError, match="cannot be decoded: its header says flac, its sound WAV"):
        read(a_file())


def test_the_largest_files_that_headers_may_claim_fit_into_the_childs_memory() -> None:
    data = a_file("flac", 192_000, 2)

    assert read(data).samples.shape == (len(speech()) * 8, 2)


def test_a_tag_before_the_sound_does_no_harm() -> None:
    assert np.array_equal(read(a_tag(500, bytes(500)) + a_file("mp3")).samples, read(a_file("mp3")).samples)


def test_the_corpus_is_large_enough() -> None:
    assert len(CORPUS) >= 100


def test_hostile_files_end_in_a_reason_with_memory_bounded() -> None:
    before = peak_memory(anew=True)
    outcomes = {name: outcome(data) for name, data in CORPUS.items()}

    believed = {name: found for name, found in outcomes.items() if not isinstance(found, str)}
    assert believed == {}
    assert peak_memory() - before < 200 * MIB


def outcome(data: bytes) -> str | Reference:
    try:
        return prepare(read(data))
    except AudioError as error:
        return str(error)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (a_wav(a_format(rate=4000)), "claims 4000 Hz; save it at 8000 to 192000 Hz"),
        (a_wav(a_format(channels=4)), "claims 4 channels; save it in mono or stereo"),
        (a_wav(a_format(rate=8000), bytes(1_600_000)), "claims 100 s of sound; send at most 60 s"),
        (CORPUS["ogg opus"], "save it as WAV, MP3 or FLAC"),
        (CORPUS["sixteen megabytes and one"], "send at most 16777216"),
        (CORPUS["flac: no length"], "does not say how long it is"),
        (CORPUS["wav cut in its sound"], "cut short: .* of the .* bytes of its sound"),
        (CORPUS["wav: coding 85, MP3"], "16 bits of coding 85; save it as 16-bit PCM"),
    ],
)
def test_what_is_wrong_with_the_header_is_said_before_any_child_starts(
    data: bytes, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "_PROGRAM", "/no/such/program")

    with pytest.raises(AudioError, match=reason):
        read(data)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("mp3: 70 s that claim nothing", "its sound goes on after 60 s"),
        ("flac: 2 channels where there is one", "cannot be decoded"),
        ("wav: floats of NaN", "not numbers"),
        ("wav: floats of infinity", "not numbers"),
    ],
)
def test_what_only_decoding_shows_is_said_too(name: str, reason: str) -> None:
    with pytest.raises(AudioError, match=reason):
        read(CORPUS[name])


@pytest.mark.parametrize("limits", [Limits(memory=64 * MIB, wall=SOON), Limits(cpu=0, wall=SOON)])
def test_a_child_beyond_its_limits_is_killed(limits: Limits) -> None:
    with pytest.raises(AudioError, match="took too much to decode"):
        read(a_file("flac"), limits)


def test_a_child_beyond_its_time_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = tmp_path / "endless.py"
    endless.write_text("while True: pass")
    monkeypatch.setattr(upload, "_PROGRAM", str(endless))

    with pytest.raises(AudioError, match=r"was not decoded in 0\.01 s"):
        read(a_file("flac"), Limits(wall=0.01))


def test_a_child_cannot_write_more_than_its_header_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = upload._PROGRAM
    talker = tmp_path / "talker.py"
    source = Path(limits).read_text().replace("while left:", "while True:").replace("left = left[", "left[")
    talker.write_text(source)
    monkeypatch.setattr(upload, "_PROGRAM", str(talker))

    with pytest.raises(AudioError, match="took too much to decode"):
        read(written(np.tile(speech(), 10), "flac"))


async def test_the_loop_turns_on_while_children_decode() -> None:
    reading = [asyncio.create_task(asyncio.to_thread(read, a_file("flac"))) for _ in range(3)]
    turns = 0
    while not all(task.done() for task in reading):
        await asyncio.sleep(0)
        turns += 1

    assert [len(task.result().samples) for task in reading] == [len(speech())] * 3
    assert turns > 100


def test_an_upload_becomes_a_reference() -> None:
    reference = prepare(read(a_file("mp3", 44_100, 2)))

    assert reference.rate == RATE
    assert 3 <= reference.duration <= 12

"""The real espeak-ng."""

import asyncio
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop

from support.voice import until
from voice_server.audio.pcm import Audio
from voice_server.engines import espeak
from voice_server.engines.base import EngineError, Job, TextError, UnknownVoiceError, Utterance
from voice_server.engines.espeak import Espeak, create
from voice_server.settings import SettingsError

TEXT = "O ano é dois mil e vinte e seis."
USUAL = Utterance(TEXT)


@pytest.fixture(scope="module")
def installed_data() -> Path:
    """Where this machine's espeak-ng keeps its data."""
    return next(Path("/usr").glob("lib*/**/espeak-ng-data"))


@pytest.fixture
def data(tmp_path: Path, installed_data: Path) -> Path:
    """A copy of the data, to be broken."""
    return Path(shutil.copytree(installed_data, tmp_path / "data"))


async def warm(**environment: str) -> Espeak:
    engine = create(environment)
    await engine.warm_up()
    return engine


async def spoken(
    text: str = TEXT, *, voice: str | None = None, speed: float = 1.0, **environment: str
) -> Audio:
    return await say(await warm(**environment), Utterance(text, voice, speed))


async def say(engine: Espeak, utterance: Utterance = USUAL) -> Audio:
    [answer] = await engine.synthesise([Job(utterance, lambda: True)], 0)
    if isinstance(answer, Audio):
        return answer
    assert answer is not None
    raise answer


async def test_it_speaks_brazilian_portuguese_from_the_start() -> None:
    audio = await spoken()

    assert (audio.sample_rate, audio.is_silent) == (22_050, False)
    assert 1 < audio.duration < 6


async def test_voice_pitch_and_rate_each_change_the_sound() -> None:
    usual = await spoken()

    for change in ({"ESPEAK_VOICE": "pt-br+f2"}, {"ESPEAK_PITCH": "80"}, {"ESPEAK_RATE": "250"}):
        assert await say(await warm(**change)) != usual


async def test_double_speed_takes_about_half_the_time() -> None:
    assert (await spoken(speed=2)).duration < 0.65 * (await spoken()).duration


async def test_a_request_may_name_another_voice() -> None:
    assert await spoken(voice="en-us") == await spoken(ESPEAK_VOICE="en-us")


@pytest.mark.parametrize("voice", ["alloy", "pt-br+nobody", "mb-br1", "../../etc/passwd", "-h"])
async def test_an_unknown_voice_is_refused_with_some_that_exist(voice: str) -> None:
    with pytest.raises(UnknownVoiceError, match=r"write default or one of the .* pt-br"):
        await spoken(voice=voice)


async def test_its_voices_are_known_after_the_warm_up() -> None:
    assert {"pt-br", "pt", "en-us"} <= set((await warm()).voices())


@pytest.mark.parametrize(
    "text", ["[[xXqQ@@]]", "\x01+10P\x00 olá", "<speak><break/>olá</speak>", "-h", "😀", "a" * 4096]
)
async def test_no_text_is_taken_for_a_command(text: str) -> None:
    assert not (await spoken(text)).is_silent


@pytest.mark.parametrize("text", ["a." * 2000, "a._" * 200, "你." * 100])
async def test_letters_with_dots_between_them_do_not_break_it(text: str) -> None:
    assert not (await spoken(text)).is_silent


@pytest.mark.parametrize("text", ["<<<", "٣", "①"])
async def test_a_text_of_which_nothing_is_heard_is_its_authors_mistake(text: str) -> None:
    with pytest.raises(TextError, match="nothing to say in it"):
        await spoken(text)


async def test_a_folder_of_its_own_data_is_what_it_speaks_with(data: Path) -> None:
    assert await spoken(VOICE_MODEL_PATH=str(data)) == await spoken()


def _remove(file: Path) -> None:
    file.unlink()


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _scramble(file: Path) -> None:
    file.write_bytes(bytes(reversed(file.read_bytes())))


@pytest.mark.parametrize("damage", [_remove, _empty, _scramble])
@pytest.mark.parametrize("file", ["phontab", "phondata", "phonindex", "pt_dict"])
async def test_a_model_that_breaks_on_its_volume_is_an_error_from_then_on(
    data: Path, file: str, damage: Callable[[Path], None]
) -> None:
    engine = await warm(VOICE_MODEL_PATH=str(data))
    damage(data / file)

    with pytest.raises(EngineError):
        await say(engine)


async def test_a_model_that_vanishes_is_not_quietly_replaced_by_the_installed_one(data: Path) -> None:
    engine = await warm(VOICE_MODEL_PATH=str(data))
    shutil.rmtree(data)

    with pytest.raises(EngineError, match="there is no folder"):
        await say(engine)


async def test_a_model_that_is_repaired_speaks_again(data: Path, installed_data: Path) -> None:
    engine = await warm(VOICE_MODEL_PATH=str(data))
    _empty(data / "phontab")
    with pytest.raises(EngineError):
        await say(engine)
    shutil.copy(installed_data / "phontab", data)

    assert not (await say(engine)).is_silent


async def test_a_voice_that_does_not_exist_never_warms_up() -> None:
    with pytest.raises(EngineError, match="ESPEAK_VOICE: there is no voice 'klingon'"):
        await warm(ESPEAK_VOICE="klingon")


@pytest.mark.parametrize(
    ("name", "value"),
    [("ESPEAK_RATE", "fast"), ("ESPEAK_RATE", "79"), ("ESPEAK_RATE", "451"), ("ESPEAK_PITCH", "-1")],
)
def test_settings_out_of_range_say_what_to_write(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{name}: .* write a whole number from"):
        create({name: value})


def _program(folder: Path, script: str) -> str:
    program = folder / "espeak-ng"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("exit 0", "not a WAV file"),
        ("head -c 30 /dev/urandom", "not a WAV file"),
        ("espeak-ng --stdin --stdout -v pt-br | head -c 40", "before its sound"),
        ("espeak-ng --stdin --stdout -v pt-br | head -c 44", "no sound"),
        ("espeak-ng --stdin --stdout -v pt-br | head -c 1001", "middle of a sample"),
        ("espeak-ng --stdin --stdout -v pt-br | head -c 44; head -c 10000 /dev/zero", "silent"),
        ("kill -9 $$", "ended with -9"),
        ("echo 'out of memory' >&2; exit 1", "ended with 1: out of memory"),
    ],
)
async def test_a_program_that_gives_no_usable_sound_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, message: str
) -> None:
    engine = await warm()
    monkeypatch.setattr(espeak, "PROGRAM", _program(tmp_path, script))

    with pytest.raises(EngineError, match=message):
        await say(engine)


async def test_a_program_that_is_not_installed_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(espeak, "PROGRAM", "no-such-program")

    with pytest.raises(EngineError, match="no-such-program cannot be started"):
        await warm()


def test_a_program_that_ends_without_listening_is_an_error_under_the_loop_of_production_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(espeak, "PROGRAM", _program(tmp_path, "exec true"))

    async def speak() -> None:
        for _ in range(30):
            with pytest.raises(EngineError, match="not a WAV file"):
                await _spoken_by(create({}))

    async def _spoken_by(engine: Espeak) -> None:
        engine._languages = frozenset({"pt-br"})
        await say(engine, Utterance(TEXT * 3000))

    uvloop.run(speak())


async def test_work_that_is_called_off_leaves_no_process_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = await warm()
    pid = tmp_path / "pid"
    monkeypatch.setattr(espeak, "PROGRAM", _program(tmp_path, f"echo $$ > {pid}; exec sleep 60"))
    work = asyncio.create_task(say(engine))
    await until(lambda: pid.exists() and pid.read_text() != "")
    work.cancel()
    await asyncio.wait({work})

    assert work.cancelled()
    assert not _runs(pid.read_text().strip())


def _runs(pid: str) -> bool:
    return Path("/proc", pid).exists()


async def test_work_that_nobody_wants_any_more_ends_with_its_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = await warm()
    pid = tmp_path / "pid"
    monkeypatch.setattr(espeak, "PROGRAM", _program(tmp_path, f"echo $$ > {pid}; exec sleep 60"))
    wanted = True
    work = asyncio.create_task(engine.synthesise([Job(USUAL, lambda: wanted)], 0))
    await until(lambda: pid.exists() and pid.read_text() != "")
    wanted = False

    assert await work == [None]
    assert not _runs(pid.read_text().strip())


async def test_each_of_a_batch_has_its_own_answer() -> None:
    engine = await warm()
    jobs = [Job(Utterance(TEXT, voice), lambda: True) for voice in ("alloy", None)]
    [refused, spoken] = await engine.synthesise(jobs, 0)

    assert isinstance(refused, UnknownVoiceError)
    assert isinstance(spoken, Audio)


async def test_a_text_is_work_by_its_length_and_pace() -> None:
    engine = create({})

    assert engine.work(Utterance("a" * 100, speed=2.0)) == engine.work(Utterance("a" * 50))

"""The promise: whatever a client sends is answered with 2xx, or 4xx and a reason, and leaves nothing behind."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support import f5_model, xtts
from support.besieged import MIB, Besieged, speeches
from support.hostile_forms import CONSENT, END, a_field, a_form, a_half, a_part, forms, lies
from support.hostile_requests import bodies, requests, unfinished, unheard
from support.hostile_texts import hostile as hostile_texts
from support.program import program
from support.sound_files import a_file
from support.sound_files import hostile as hostile_uploads
from voice_server.schemas import MAX_INPUT

SENTENCE = "Bom dia a todos."
GROWTH = 128 * MIB
"""What a second pass may leave beyond the first: no more than allocators keep for themselves."""
MOST = {"espeak": 512 * MIB, "f5": 1536 * MIB, "xtts": 1536 * MIB}
LENGTH = {"espeak": 100, "f5": 24, "xtts": 24}
"""Of the texts, but for those that are too long: longer ones are the same to the server, and take a network minutes."""
SAID = 24
"""Tokens of each line of XTTS, about a second: random weights alone would never end some of them."""
START = 180.0
"""Seconds: coqui-tts alone is half a minute of importing where the machine has other things to do."""
ON_CPU = {"VOICE_DEVICE": "cpu"}


def environment(kind: str, folder: Path) -> dict[str, str]:
    (folder / "voices").mkdir()
    (folder / "tmp").mkdir()
    usual = {
        "VOICE_ENGINE": kind,
        "VOICE_VOICES_PATH": str(folder / "voices"),
        "TMPDIR": str(folder / "tmp"),
        "OMP_NUM_THREADS": "1",
    }
    return usual | MODELS[kind](folder) if kind in MODELS else usual


def an_f5(folder: Path) -> dict[str, str]:
    return {"VOICE_MODEL_PATH": str(f5_model.a_model(folder)), "F5_VOICE": "ana", "F5_NFE": "5", **ON_CPU}


def an_xtts(folder: Path) -> dict[str, str]:
    xtts.a_checkpoint(folder, tokens=SAID)
    return {"VOICE_MODEL_PATH": str(folder), "VOICE_ALLOW_NONCOMMERCIAL": "true", **ON_CPU}


MODELS: dict[str, Callable[[Path], dict[str, str]]] = {"f5": an_f5, "xtts": an_xtts}


def texts(length: int) -> list[str]:
    """The corpus; what may not be so long stays as it is."""
    return [text[: 10_000 if len(text) > MAX_INPUT else length] for text in hostile_texts(length)]


def uploads() -> Iterator[tuple[str, bytes]]:
    for number, (name, data) in enumerate(hostile_uploads()):
        fields = a_field("name", b"upload-%d" % number) + CONSENT + a_field("ref_text", b"Bom dia a todos.")
        file = a_part('Content-Disposition: form-data; name="audio"; filename="a.wav"', data)
        yield f"upload {name}", a_form(fields + file + END)


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


async def a_pass(pod: Besieged, kind: str, voices: Path) -> None:
    """The whole corpus once, then a sentence in every voice that it has brought in; they are removed again.

    No upload brings one in: none holds speech; odd forms around a good recording do.
    What is refused before an engine is asked is the same for all engines, and sent to espeak only.
    """
    if kind == "espeak":
        await pod.answers(bodies())
        await pod.answers(requests())
        await pod.answers(forms(a_file()))
    await pod.answers(speeches(texts(LENGTH[kind])))
    await pod.answers(uploads())
    assert [name for name in added(voices) if name.startswith("upload")] == []
    await pod.answers(lies(a_file()))
    for name in added(voices):
        spoken = await pod.says(SENTENCE, voice=name)
        if spoken.wrong:
            pod.wrong[f"voice {name}"] = spoken.wrong
        await pod.answers([("removal", f"DELETE /v1/voices/{name} HTTP/1.1\r\nHost: voice\r\n\r\n".encode())])


def added(voices: Path) -> list[str]:
    return [papers.stem for papers in voices.glob("*.json")]


def test_the_corpus_is_large() -> None:
    assert len(set(hostile_texts(24))) + len(dict(uploads())) >= 200
    assert any(len(text) > MAX_INPUT for text in texts(24))


@pytest.mark.timeout(1800)  # f5 and xtts take five minutes where the machine has other things to do
@pytest.mark.parametrize("kind", ["espeak", "f5", "xtts"])
async def test_whatever_is_sent_is_answered_with_a_reason_and_leaves_nothing(
    kind: str, tmp_path: Path
) -> None:
    with program("engine", tmp_path / "log", **environment(kind, tmp_path)) as server:
        await server.ready(within=START)
        pod, there = Besieged(server), files(tmp_path)
        before = await pod.says(SENTENCE)
        await a_pass(pod, kind, tmp_path / "voices")
        first = pod.memory
        await a_pass(pod, kind, tmp_path / "voices")

        assert pod.wrong == {}
        assert len(pod.statuses) > 700
        assert pod.memory - first < GROWTH
        assert pod.most_memory < MOST[kind]
        await pod.is_well()
        after = await pod.says(SENTENCE)
        assert (after.status, len(after.body)) == (200, len(before.body))
        assert after.body == before.body or kind == "f5"
        assert files(tmp_path) == there


async def test_who_never_ends_is_given_up_and_who_leaves_is_let_go(tmp_path: Path) -> None:
    with program("engine", tmp_path / "log", **environment("espeak", tmp_path)) as server:
        await server.ready()
        pod, there = Besieged(server), files(tmp_path)
        await pod.outlasts([*unfinished(), ("half a form", a_half())])

        assert pod.wrong == {}
        assert set(pod.statuses) == {408}
        await pod.outlasts(unheard())

        assert pod.wrong == {}
        assert set(pod.statuses) == {200, 408}
        await pod.is_well()
        assert (await pod.says(SENTENCE)).status == 200
        assert files(tmp_path) == there

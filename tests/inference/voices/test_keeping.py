import threading
from pathlib import Path

import pytest

from voice_server.voices.keeping import NewVoice, TakenError, add, remove
from voice_server.voices.registry import Papers, Registry, VoiceError

PAPERS = Papers(language="pt-BR", licence="CC0-1.0", consent="Ana, 2026-01-02")


def a_voice(name: str = "ana", transcript: str | None = "Bom dia.") -> NewVoice:
    return NewVoice(name, f"sound of {transcript}".encode(), transcript, PAPERS)


def test_what_was_added_is_found_as_it_was(tmp_path: Path) -> None:
    add(tmp_path, a_voice())
    found = Registry(tmp_path).find("ana")

    assert found is not None
    assert (found.transcript, found.papers) == ("Bom dia.", PAPERS)
    assert found.recording.read_bytes() == b"sound of Bom dia."
    assert sorted(file.name for file in tmp_path.iterdir()) == ["ana.json", "ana.txt", "ana.wav"]


def test_a_name_is_taken_once_whatever_the_kind_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "ana.mp3").write_bytes(b"put there by hand")

    with pytest.raises(TakenError, match="there is a voice 'ana' already"):
        add(tmp_path, a_voice())


def test_of_many_who_add_one_name_at_the_same_time_one_is_kept_whole(tmp_path: Path) -> None:
    refused: list[TakenError] = []

    def try_it(number: int) -> None:
        try:
            add(tmp_path, a_voice(transcript=f"text {number}"))
        except TakenError as error:
            refused.append(error)

    threads = [threading.Thread(target=try_it, args=(number,)) for number in range(16)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    found = Registry(tmp_path).find("ana")

    assert len(refused) == 15
    assert found is not None
    assert found.recording.read_bytes() == f"sound of {found.transcript}".encode()


def test_what_was_removed_is_gone_and_may_be_added_again(tmp_path: Path) -> None:
    add(tmp_path, a_voice())
    (tmp_path / ".ana.new").mkdir()

    assert [remove(tmp_path, "ana"), remove(tmp_path, "ana")] == [True, False]
    assert list(tmp_path.iterdir()) == []
    add(tmp_path, a_voice(transcript=None))


def test_words_that_a_voice_of_that_name_left_behind_are_not_taken_for_the_new_ones(tmp_path: Path) -> None:
    (tmp_path / "ana.txt").write_text("what another one said")
    add(tmp_path, a_voice(transcript=None))
    found = Registry(tmp_path).find("ana")

    assert found is not None
    assert found.transcript is None


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match="cannot be written: No such file or directory; mount it writable"):
        add(tmp_path / "gone", a_voice())

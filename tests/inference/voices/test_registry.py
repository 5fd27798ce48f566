from pathlib import Path

import pytest

from voice_server.settings import SettingsError
from voice_server.voices.registry import MOST_WORDS, Papers, Registry, Voice, VoiceError


def put(folder: Path, **files: str | bytes) -> Registry:
    """Files by their names, with _ for the dot."""
    for name, content in files.items():
        file = folder / name.replace("_", ".")
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Registry(folder)


def test_a_voice_is_a_recording_with_its_words_and_papers(tmp_path: Path) -> None:
    papers = '{"language": "pt-BR", "licence": "CC0-1.0", "consent": "signed 2026-01-02"}'
    registry = put(tmp_path, ana_wav="sound", ana_txt="Bom dia,\n Brasil.\n", ana_json=papers)

    assert registry.find("ana") == Voice(
        "ana",
        tmp_path / "ana.wav",
        "Bom dia, Brasil.",
        Papers(language="pt-BR", licence="CC0-1.0", consent="signed 2026-01-02"),
    )


def test_words_and_papers_may_be_missing(tmp_path: Path) -> None:
    assert put(tmp_path, ana_mp3="sound").find("ana") == Voice("ana", tmp_path / "ana.mp3", None, Papers())


def test_it_lists_every_voice_and_what_is_wrong_with_the_others(tmp_path: Path) -> None:
    registry = put(
        tmp_path, caio_flac="x", ana_wav="x", bia_wav="x", bia_mp3="x", README_md="x", notes_txt="x", dora_wav="x",
        dora_json='{"license": "MIT"}',
    )  # fmt: skip
    listing = registry.listing()
    form = '{"language": "pt-BR", "licence": "...", "consent": "..."}'

    assert [voice.name for voice in listing.voices] == ["ana", "caio"]
    assert listing.complaints == (
        "bia.wav and bia.mp3: two recordings of one voice; keep one",
        f"dora.json: license: Extra inputs are not permitted; write {form}",
    )


def test_what_is_put_into_the_folder_or_taken_away_counts_at_once(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    before = registry.listing().voices
    put(tmp_path, ana_wav="x")
    during = [voice.name for voice in registry.listing().voices]
    (tmp_path / "ana.wav").unlink()

    assert (before, during, registry.find("ana")) == ((), ["ana"], None)


@pytest.mark.parametrize("name", ["nobody", "../secret", "a/b", "", ".hidden", "a" * 100, "-h", "ana\n", "é"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "voices"
    folder.mkdir()
    put(tmp_path, secret_wav="x")

    assert Registry(folder).find(name) is None


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"ana_txt": b"caf\xe9"}, r"ana\.txt: cannot be read: .* save it as UTF-8"),
        ({"ana_txt": " \n"}, r"ana\.txt: there is nothing in it; write what is said"),
        ({"ana_txt": "a" * (MOST_WORDS + 1)}, r"ana\.txt: more than 2000 characters"),
        ({"ana_json": "{"}, r"ana\.json: : Invalid JSON"),
        ({"ana_json": '{"licence": 3}'}, r"ana\.json: licence: Input should be a valid string"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_what_to_change(
    tmp_path: Path, files: dict[str, str | bytes], message: str
) -> None:
    registry = put(tmp_path, ana_wav="x", **files)

    with pytest.raises(VoiceError, match=message):
        registry.find("ana")


def test_without_a_folder_there_are_no_voices() -> None:
    registry = Registry.read({})

    assert (registry.listing().voices, registry.find("ana")) == ((), None)


def test_a_folder_that_is_not_there_ends_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="VOICE_VOICES_PATH: there is no folder"):
        Registry.read({"VOICE_VOICES_PATH": str(tmp_path / "nowhere")})


def test_a_folder_that_vanishes_is_a_complaint(tmp_path: Path) -> None:
    [complaint] = Registry(tmp_path / "gone").listing().complaints

    assert "gone: cannot be read" in complaint

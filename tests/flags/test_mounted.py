import logging
import shutil
import threading
from decimal import Decimal
from pathlib import Path

import pytest

from support.flags import a_document, a_flag
from voice_flags import Document, MountedFlags, is_feature_enabled, mounted, read_mounted

EVERYONE = Decimal(100)
NOBODY = Decimal(0)


class Mount:
    """A directory that changes as the kubelet changes a ConfigMap volume: a new folder, then one rename."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._count = 0

    def write(self, *documents: Document) -> None:
        self.write_data({f"{document.rollout}.flag.json": document.to_json() for document in documents})

    def write_data(self, data: dict[str, str]) -> None:
        before = self.directory / f"..{self._count}"
        self._count += 1
        moment = self.directory / f"..{self._count}"
        moment.mkdir()
        for name, text in data.items():
            (moment / name).write_text(text)
        (self.directory / "..data_tmp").symlink_to(moment.name)
        (self.directory / "..data_tmp").rename(self.directory / "..data")
        shutil.rmtree(before, ignore_errors=True)


@pytest.fixture
def mount(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mount:
    monkeypatch.setenv("VOICE_FLAGS_PATH", str(tmp_path))
    return Mount(tmp_path)


def test_a_mounted_flag_is_answered_by_user(mount: Mount) -> None:
    mount.write(a_document(percentage=NOBODY, allow=frozenset({"qa-1"})))

    assert is_feature_enabled("f5tts_engine", user_id="qa-1")
    assert not is_feature_enabled("f5tts_engine", user_id="someone")
    assert not is_feature_enabled("f5tts_engine", user_id=None)


def test_characters_segments_and_requirements_count(mount: Mount) -> None:
    mount.write(
        a_document(percentage=NOBODY, segments={"technical": EVERYONE}, characters=frozenset({"pip_boy"})),
        a_flag("transcription", percentage=EVERYONE, requires=("f5tts_engine",)),
    )

    assert is_feature_enabled("transcription", user_id="a", character="pip_boy", segments=["technical"])
    assert not is_feature_enabled("transcription", user_id="a", character="pip_boy")
    assert not is_feature_enabled("transcription", user_id="a", segments=["technical"])


def test_a_swap_of_the_mount_is_seen_at_the_next_question(mount: Mount) -> None:
    mount.write(a_document(percentage=NOBODY))
    before = is_feature_enabled("f5tts_engine", user_id="someone")
    mount.write(a_document(percentage=EVERYONE, generation=13))

    assert (before, is_feature_enabled("f5tts_engine", user_id="someone")) == (False, True)


def test_an_unchanged_mount_is_not_read_again(mount: Mount) -> None:
    mount.write(a_document())
    flags = MountedFlags(mount.directory)

    assert flags.snapshot() is flags.snapshot()


def test_a_bad_document_and_a_vanished_mount_leave_the_last_answer(mount: Mount) -> None:
    mount.write(a_document(percentage=EVERYONE))
    first = is_feature_enabled("f5tts_engine", user_id="someone")
    mount.write_data({"f5-tts.flag.json": '{"version": 1'})
    with_bad_document = is_feature_enabled("f5tts_engine", user_id="someone")
    shutil.rmtree(mount.directory)

    assert first
    assert with_bad_document
    assert is_feature_enabled("f5tts_engine", user_id="someone")


def test_a_mount_that_comes_back_is_read_again(mount: Mount) -> None:
    flags = MountedFlags(mount.directory / "later")
    absent = flags.snapshot()
    later = Mount(mount.directory / "later")
    later.directory.mkdir()
    later.write(a_document())

    assert dict(absent.documents) == {}
    assert flags.snapshot().documents == {"f5-tts": a_document()}


def test_a_plain_directory_serves_on_a_laptop(tmp_path: Path) -> None:
    flags = MountedFlags(tmp_path)
    file = tmp_path / "f5-tts.flag.json"
    file.write_text(a_document().to_json())
    first = flags.snapshot()
    file.write_text(a_document(generation=13, percentage=Decimal("33.333")).to_json())

    assert first.documents["f5-tts"].generation == 12
    assert flags.snapshot().documents["f5-tts"].generation == 13


def test_bytes_that_are_no_text_are_a_problem_of_their_document(mount: Mount) -> None:
    mount.write_data({})
    mount.write(a_flag("sound"), a_document())
    moment = (mount.directory / "..data").resolve()
    (moment / "f5-tts.flag.json").write_bytes(b'{"version":1,"rollout":"\xff"}')
    read = MountedFlags(mount.directory).snapshot()

    assert (set(read.documents), set(read.problems)) == ({"sound"}, {"f5-tts.flag.json"})


def test_a_moment_that_is_removed_while_it_is_listed_is_read_anew(
    mount: Mount, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed, removed = mounted._flag_files, iter([True])

    def half_of_it_once(directory: Path) -> list[Path]:
        if not next(removed, False):
            return listed(directory)
        mount.write(a_flag("one", generation=2), a_flag("two", generation=2))
        return []

    mount.write(a_flag("one"), a_flag("two"))
    monkeypatch.setattr(mounted, "_flag_files", half_of_it_once)
    read = MountedFlags(mount.directory).snapshot()

    assert {name: document.generation for name, document in read.documents.items()} == {"one": 2, "two": 2}
    assert read.stale == frozenset()


def test_what_is_read_belongs_to_one_moment(mount: Mount) -> None:
    def write(generation: int) -> None:
        mount.write(*(a_flag(name, generation=generation) for name in ("one", "two", "three")))

    def swap() -> None:
        for generation in range(2, 300):
            write(generation)

    write(1)
    swapping = threading.Thread(target=swap)
    swapping.start()
    flags, torn, last = MountedFlags(mount.directory), [], 0
    while swapping.is_alive() or last < 299:
        generations = {document.generation for document in flags.snapshot().documents.values()}
        torn += [generations] if len(generations) > 1 else []
        last = max(generations, default=last)
    swapping.join()

    assert torn == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({}, "holds no such flag"),
        ({"f5-tts.flag.json": "?"}, "f5-tts.flag.json: the document is not JSON"),
    ],
)
def test_what_cannot_be_known_is_off_and_logged_once(
    mount: Mount, caplog: pytest.LogCaptureFixture, data: dict[str, str], reason: str
) -> None:
    mount.write_data(data)
    answers = [is_feature_enabled("unheard_of", user_id="someone") for _ in range(3)]

    assert answers == [False, False, False]
    assert [reason in record.message for record in caplog.records] == [True]


def test_without_a_path_everything_is_off_and_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("VOICE_FLAGS_PATH", raising=False)

    with caplog.at_level(logging.WARNING):
        assert not is_feature_enabled("without_path", user_id="someone")
    assert "VOICE_FLAGS_PATH is not set; set it to the directory" in caplog.text


def test_a_missing_directory_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_mounted(tmp_path / "nowhere")

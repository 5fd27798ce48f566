"""What runs is found again by any later run, and nothing else is ever signalled."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from signal import SIGKILL

import pytest

from cluster.processes import Processes, birth
from cluster.progress import wait_for
from support.cluster import has_owner, me

FOREVER = ["sleep", "1000"]
DEAF = ["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.1; done"]


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    started = Processes(tmp_path)
    yield started
    started.stop_all()


def test_a_process_is_known_to_whoever_looks_into_the_folder(processes: Processes, tmp_path: Path) -> None:
    processes.start("sleeper", FOREVER)
    assert processes.pid("sleeper") is not None
    assert Processes(tmp_path).pid("sleeper") == processes.pid("sleeper")


def test_starting_twice_starts_once(processes: Processes) -> None:
    processes.start("sleeper", FOREVER)
    first = processes.pid("sleeper")
    processes.start("sleeper", FOREVER)
    assert processes.pid("sleeper") == first


def test_a_process_that_was_killed_no_longer_runs(processes: Processes) -> None:
    processes.start("sleeper", FOREVER)
    processes.signal("sleeper", SIGKILL)
    wait_for("the end", lambda: processes.pid("sleeper") is None, seconds=60)


def test_a_later_process_with_the_same_id_is_left_alone(processes: Processes, tmp_path: Path) -> None:
    processes.start("sleeper", FOREVER)
    pid = processes.pid("sleeper")
    assert pid is not None
    record = tmp_path / "run/sleeper.json"
    truth = record.read_text()
    record.write_text(json.dumps({"pid": pid, "birth": "an earlier boot/1"}))
    assert processes.pid("sleeper") is None
    processes.stop("sleeper")
    assert birth(pid)
    record.write_text(truth)


def test_what_does_not_listen_is_killed(processes: Processes) -> None:
    processes.start("deaf", DEAF)
    wait_for("its trap", lambda: "deaf" in processes.last_words("deaf"), seconds=60)
    pid = processes.pid("deaf")
    assert pid is not None
    processes.stop("deaf", patience=0.2)
    assert not birth(pid)


def test_what_a_process_prints_is_kept_over_restarts(processes: Processes) -> None:
    for word in ("first", "second"):
        processes.start("talker", ["echo", word])
        wait_for("the end", lambda: processes.pid("talker") is None, seconds=60)
    assert processes.last_words("talker") == "first\nsecond\n"


@pytest.mark.parametrize(("name", "owned"), [(me(), True), (f"{os.getpid()}-1", False), ("4194305-1", False)])
def test_a_folder_belongs_to_the_run_it_is_named_after(name: str, *, owned: bool) -> None:
    assert has_owner(name) is owned

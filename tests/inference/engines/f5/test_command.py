"""`voice-server model` says what is in a file and whether it may be served, to people and to programs."""

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from support.checkpoints import a_checkpoint, of, write, write_sidecar
from support.f5 import TINY_V1, random_weights
from voice_server.__main__ import main
from voice_server.engines.f5 import command
from voice_server.engines.f5.sidecar import beside

SIZE = replace(TINY_V1, mel_dim=100, text_num_embeds=60)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return a_checkpoint(tmp_path, SIZE)


def test_a_good_file_is_inspected_for_people(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.show(path, "text") == 0

    report = capsys.readouterr().out
    for line in (
        "parameters, none missing, unknown or of another shape",
        "skipped       initted, step",
        "network       dim 64, depth 2, heads 4, dim_head 16, ff_mult 2, mel_dim 100, text_num_embeds 60, ",
        "declared      architecture v1, tokenizer pinyin, vocabulary vocab.txt, vocoder vocos, ",
        "sha256 not told",
        "vocabulary    60 tokens, nothing missing for pt-BR; says 'A' as 'a', 'B' as 'b'",
    ):
        assert line in report


def test_a_good_file_is_inspected_for_programs(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.show(path, "json") == 0

    found = json.loads(capsys.readouterr().out)
    assert found["architecture"]["dim_head"] == 16
    assert found["types"] == {"F32": 64}
    assert found["bytes"] == path.stat().st_size
    assert found["declared"]["sha256"] is None
    assert found["vocabulary"]["replaced"]["Ô"] == "ô"
    assert found["vocabulary"] | {"replaced": {}} == {
        "tokens": 60,
        "missing": "",
        "replaced": {},
        "cut": None,
    }
    assert found["problems"] == []


def test_what_nobody_declared_is_unknown_and_no_problem(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    beside(path).unlink()

    assert command.show(path, "text") == 0

    assert "declared      nothing: architecture, tokenizer, licence are unknown" in capsys.readouterr().out


def test_all_problems_are_told_at_once(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights = random_weights(SIZE)
    del weights["transformer.proj_out.bias"]
    write(path, of(weights))
    write_sidecar(path, vocoder="bigvgan")

    assert command.show(path, "text") == 1

    report = capsys.readouterr().out
    assert "network       not one that is served" in report
    assert "1 missing: transformer.proj_out.bias" in report
    assert "vocoder: input should be 'vocos'" in report


@pytest.mark.parametrize("run", [command.show, command.check])
def test_a_file_that_cannot_be_opened_is_refused(
    tmp_path: Path, run: command.Task, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "none", "text") == 1
    assert "No such file or directory" in capsys.readouterr().err

    assert run(tmp_path / "none", "json") == 1
    assert "No such file or directory" in json.loads(capsys.readouterr().out)["problems"][0]


@pytest.mark.parametrize("is_declared", [True, False])
def test_a_good_file_is_verified(
    path: Path, capsys: pytest.CaptureFixture[str], *, is_declared: bool
) -> None:
    digest = hashlib.sha256(path.read_bytes()).hexdigest() if is_declared else None
    write_sidecar(path, sha256=digest)
    compared = "as declared" if is_declared else "not declared, so not compared"

    assert command.show(path, "text") == 0
    inspected = capsys.readouterr().out
    assert command.check(path, "text") == 0
    assert capsys.readouterr().out == inspected + "".join(
        f"{name:<14}{value}\n"
        for name, value in (
            ("architecture", "v1"),
            ("tokenizer", "pinyin"),
            ("licence", "CC-BY-NC-4.0"),
            ("sha256", compared),
            ("values", "all finite"),
            ("verified", "good"),
        )
    )

    assert command.show(path, "json") == 0
    inspected = json.loads(capsys.readouterr().out)
    assert command.check(path, "json") == 0
    assert json.loads(capsys.readouterr().out) == inspected | {
        "verified": {
            "architecture": "v1",
            "tokenizer": "pinyin",
            "licence": "CC-BY-NC-4.0",
            "sha256": compared,
            "values": "all finite",
        }
    }


def test_what_is_known_of_a_refused_file_is_told_beside_the_reason(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_sidecar(path, language="es")

    assert command.check(path, "text") == 1
    told = capsys.readouterr()
    assert (
        "vocabulary    60 tokens, 'üñ¿¡' missing for es; says 'ü' as 'u', 'ñ' as 'n', '¿' as ' '" in told.out
    )
    assert "verified" not in told.out
    assert "'üñ¿¡' are not in it, and es needs them" in told.err

    assert command.check(path, "json") == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["tensors"], len(found["problems"])) == (64, 1)


@pytest.mark.parametrize("run", [command.show, command.check])
def test_a_language_that_is_not_read_is_refused_before_a_pod_is(
    path: Path, run: command.Task, capsys: pytest.CaptureFixture[str]
) -> None:
    write_sidecar(path, language="fr")

    assert run(path, "json") == 1
    assert json.loads(capsys.readouterr().out)["problems"] == [
        f"{beside(path)}: language: 'fr' is not read here; write one of pt-BR, en-US, es"
    ]


def test_values_are_read_when_a_file_is_verified(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights = random_weights(SIZE)
    weights["transformer.proj_out.bias"][3] = float("nan")
    write(path, of(weights))

    assert command.show(path, "text") == 0
    assert command.check(path, "text") == 1

    assert "transformer.proj_out.bias holds NaN" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["inspect", "model.safetensors"], 0), (["verify", "vocab.txt"], 1), (["verify"], 2), (["load"], 2)],
)
def test_the_program_ends_with_the_code_of_its_finding(
    path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int
) -> None:
    monkeypatch.chdir(path.parent)
    monkeypatch.setattr(sys, "argv", ["voice-server", "model", *arguments])

    with pytest.raises(SystemExit) as end:
        main()

    assert end.value.code == code


def test_to_inspect_a_file_takes_no_pytorch(path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from voice_server.engines.f5 import command; "
        f"command.show(Path({str(path)!r}), 'text'); sys.exit('torch' in sys.modules)"
    )

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)

    assert ended.returncode == 0, ended.stderr

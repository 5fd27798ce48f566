"""`voice-server model inspect FILE` and `voice-server model verify FILE`."""

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from voice_server.engines.f5.checkpoint import CheckpointError
from voice_server.engines.f5.inspection import Inspection, inspect
from voice_server.engines.f5.structure import LISTED
from voice_server.engines.listed import first

if TYPE_CHECKING:
    from voice_server.engines.f5.verification import Verified

Output = Literal["text", "json"]
Task = Callable[[Path, Output], int]
GOOD, REFUSED = 0, 1


def show(path: Path, output: Output) -> int:
    """Print what is in the file; the exit code says whether its header and what is beside it are good."""
    try:
        found = inspect(path)
    except CheckpointError as error:
        return _refuse(path, error, output)
    if output == "json":
        _write(json.dumps(found.as_dict(), ensure_ascii=False))
    else:
        _write(_report([*_rows(found).items(), *(("problem", each) for each in found.problems)]))
    return REFUSED if found.problems else GOOD


def check(path: Path, output: Output) -> int:
    """Do all that a pod does before it serves the file, and read every value; the exit code says what came of it.

    Prints what `show` prints, and what nobody knows before the values were read.
    """
    from voice_server.engines.f5.verification import verify

    try:
        found = inspect(path)
    except CheckpointError as error:
        return _refuse(path, error, output)
    try:
        verified = verify(path)
        for name in verified.weights:
            verified.weights[name]
    except CheckpointError as error:
        return _refuse(path, error, output, found)
    told = _verified(verified)
    if output == "json":
        _write(json.dumps(found.as_dict() | {"verified": told}, ensure_ascii=False))
    else:
        _write(_report([*_rows(found).items(), *told.items(), ("verified", "good")]))
    return GOOD


def _refuse(path: Path, error: CheckpointError, output: Output, found: Inspection | None = None) -> int:
    """Print the error, and with it what was `found` before."""
    if output == "json":
        about = found.as_dict() if found else {"file": str(path)}
        problems = dict.fromkeys([*(found.problems if found else ()), str(error)])
        _write(json.dumps(about | {"problems": list(problems)}, ensure_ascii=False))
        return REFUSED
    if found:
        _write(_report(_rows(found).items()))
    sys.stderr.write(f"{error}\n")
    return REFUSED


def _verified(verified: "Verified") -> dict[str, str]:
    told = {
        "architecture": verified.variant,
        "tokenizer": verified.tokenizer,
        "licence": verified.sidecar.licence,
        "sha256": "as declared" if verified.sidecar.sha256 else "not declared, so not compared",
        "values": "all finite",
    }
    return told | ({"losses": str(verified.verdict)} if verified.verdict else {})


def _rows(found: Inspection) -> dict[str, str]:
    types = ", ".join(f"{count} {name}" for name, count in found.types.items())
    whole = ", none missing, unknown or of another shape" if found.architecture else ""
    return {
        "file": f"{found.file}, {found.bytes:,} bytes",
        "tensors": f"{found.tensors} ({types}), {found.parameters:,} parameters{whole}",
        "skipped": ", ".join(found.skipped) or "none",
        "network": _pairs(found.architecture) or "not one that is served",
        "AdaLN": f"{found.adaln_share:.1%} of the parameters, folded into a table when loaded",
        "declared": _pairs(found.declared) or "nothing: architecture, tokenizer, licence are unknown",
        "vocabulary": _vocabulary(found),
    }


def _vocabulary(found: Inspection) -> str:
    if found.vocabulary is None or found.declared is None:
        return "unknown"
    missing = repr(found.vocabulary["missing"]) if found.vocabulary["missing"] else "nothing"
    known = f"{found.vocabulary['tokens']} tokens, {missing} missing for {found.declared['language']}"
    replaced = [f"{each!r} as {said!r}" for each, said in found.vocabulary["replaced"].items()]
    return f"{known}; says {first(replaced, LISTED)}" if replaced else known


def _pairs(values: Mapping[str, Any] | None) -> str:
    return ", ".join(f"{name} {_said(value)}" for name, value in (values or {}).items())


def _said(value: Any) -> str:
    return "not told" if value is None else str(value)


def _report(rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"{name:<14}{value}" for name, value in rows)


def _write(text: str) -> None:
    sys.stdout.write(f"{text}\n")

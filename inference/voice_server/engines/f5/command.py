"""`voice-server model inspect FILE` and `voice-server model verify FILE`."""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from voice_server.engines.f5.checkpoint import CheckpointError
from voice_server.engines.f5.inspection import Inspection, inspect

Output = Literal["text", "json"]
Task = Callable[[Path, Output], int]
GOOD, REFUSED = 0, 1


def show(path: Path, output: Output) -> int:
    """Print what is in the file; the exit code says whether its header and what is beside it are good."""
    try:
        found = inspect(path)
    except CheckpointError as error:
        return _refuse(path, error, output)
    _write(json.dumps(found.as_dict(), ensure_ascii=False) if output == "json" else _report(found))
    return REFUSED if found.problems else GOOD


def check(path: Path, output: Output) -> int:
    """Do all that a pod does before it serves the file, and read every value; the exit code says what came of it."""
    from voice_server.engines.f5.verification import verify

    try:
        verified = verify(path)
        for name in verified.weights:
            verified.weights[name]
    except CheckpointError as error:
        return _refuse(path, error, output)
    about = verified.sidecar
    told = {"architecture": verified.variant, "tokenizer": verified.tokenizer, "licence": about.licence}
    if verified.verdict:
        told["losses"] = str(verified.verdict)
    if output == "json":
        _write(json.dumps({"file": str(path), **told, "problems": []}))
    else:
        _write(f"{path}: good; " + ", ".join(f"{name} {value}" for name, value in told.items()))
    return GOOD


def _refuse(path: Path, error: CheckpointError, output: Output) -> int:
    if output == "json":
        _write(json.dumps({"file": str(path), "problems": [str(error)]}, ensure_ascii=False))
    else:
        sys.stderr.write(f"{error}\n")
    return REFUSED


def _report(found: Inspection) -> str:
    types = ", ".join(f"{count} {name}" for name, count in found.types.items())
    rows = {
        "file": f"{found.file}, {found.bytes:,} bytes",
        "tensors": f"{found.tensors} ({types}), {found.parameters:,} parameters",
        "skipped": ", ".join(found.skipped) or "none",
        "network": _pairs(found.architecture) or "not one that is served",
        "AdaLN": f"{found.adaln_share:.1%} of the parameters, folded into a table when loaded",
        "declared": _pairs(found.declared) or "nothing: architecture, tokenizer, licence are unknown",
        "vocabulary": _vocabulary(found),
    }
    lines = [f"{name:<12}{value}" for name, value in rows.items()]
    return "\n".join([*lines, *(f"problem     {each}" for each in found.problems)])


def _vocabulary(found: Inspection) -> str:
    if found.vocabulary is None or found.declared is None:
        return "unknown"
    missing = repr(found.vocabulary["missing"]) if found.vocabulary["missing"] else "nothing"
    return f"{found.vocabulary['tokens']} tokens, {missing} missing for {found.declared['language']}"


def _pairs(values: Mapping[str, Any] | None) -> str:
    return ", ".join(f"{name} {_said(value)}" for name, value in (values or {}).items())


def _said(value: Any) -> str:
    return "not told" if value is None else str(value)


def _write(text: str) -> None:
    sys.stdout.write(f"{text}\n")

"""What a checkpoint's tensors cannot tell, declared in a JSON file beside it: model.safetensors.json."""

import difflib
import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from voice_server.engines.f5.checkpoint import CheckpointError
from voice_server.engines.f5.tokenizer import Tokenizer
from voice_server.text import TextError
from voice_server.text.languages import spoken_as

MAX_BYTES = 64 * 1024
EXAMPLE = {
    "architecture": "v1",
    "tokenizer": "pinyin",
    "vocabulary": "vocab.txt",
    "vocoder": "vocos",
    "licence": "CC-BY-NC-4.0",
    "language": "pt-BR",
}

_HELP = {
    "architecture": '"v0" (F5TTS_Base and what was tuned from it) or "v1" (F5TTS_v1_Base)',
    "tokenizer": f"the one of the training, one of {', '.join(Tokenizer)}",
    "vocabulary": "the path of the training's vocab.txt, seen from this folder",
    "vocoder": '"vocos", the only one that is served',
    "licence": "the SPDX identifier of the weights' licence, such as CC-BY-NC-4.0",
    "sha256": "64 hexadecimal digits, as sha256sum prints them, or leave it out",
    "language": "the language it speaks, such as pt-BR",
    "probe": '{"recording": the path of a WAV file seen from this folder, "transcript": what is said in it}',
}


class Probe(BaseModel):
    """A recording of 3 to 12 s and what is said in it, in the language of the network's training."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    recording: Annotated[str, Field(min_length=1)]
    transcript: Annotated[str, Field(min_length=1, max_length=500)]


class Sidecar(BaseModel):
    """One checkpoint as its owner describes it. None: not known, to be found out with the probe."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    architecture: Literal["v0", "v1"] | None = None
    tokenizer: Tokenizer | None = None
    vocabulary: Annotated[str, Field(min_length=1)]
    vocoder: Literal["vocos"]
    licence: Annotated[str, Field(min_length=1)]
    sha256: Annotated[str, Field(pattern="^[0-9a-fA-F]{64}$")] | None = None
    language: Annotated[str, Field(pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
    probe: Probe | None = None


def beside(weights: Path) -> Path:
    return weights.with_name(f"{weights.name}.json")


def read(weights: Path) -> Sidecar:
    """The sidecar of the weights; CheckpointError says all that is wrong in it, or what to write where none is."""
    path = beside(weights)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise CheckpointError(
            f"{path}: there is no such file; write what the tensors cannot tell, such as {json.dumps(EXAMPLE)}"
        ) from error
    except OSError as error:
        raise CheckpointError(f"{path}: {error.strerror}; make it a file that can be read") from error
    if len(content) > MAX_BYTES:
        raise CheckpointError(f"{path}: more than {MAX_BYTES} bytes; write {json.dumps(EXAMPLE)}")
    try:
        about = Sidecar.model_validate_json(content)
        spoken_as(about.language)
    except ValidationError as error:
        raise CheckpointError(f"{path}: {_explained(error)}") from error
    except TextError as error:
        raise CheckpointError(f"{path}: {error}") from error
    return about


def _explained(error: ValidationError) -> str:
    details = error.errors(include_url=False, include_input=False)
    return "; ".join(_sentence(each["type"], each["loc"], each["msg"]) for each in details)


def _sentence(kind: str, location: tuple[int | str, ...], message: str) -> str:
    if not location:
        return f"{message}; write a JSON object such as {json.dumps(EXAMPLE)}"
    field, top = ".".join(map(str, location)), str(location[0])
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(top, _HELP, n=1)
        return f"{field} is unknown; {f'write {_HELP.get(top, near[0])}' if near else 'leave it out'}"
    if kind == "missing":
        return f"{field} is missing; write {_HELP[top]}"
    return f"{field}: {message[0].lower()}{message[1:]}; write {_HELP[top]}"

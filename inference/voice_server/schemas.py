"""What a client may ask for, in the shape of OpenAI's speech endpoint."""

import json
import unicodedata
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from voice_server.audio.formats import Format

MAX_BODY = 64 * 1024
MAX_INPUT = 4096
MAX_USER = 256
DEFAULT = "default"
VOICE = r"^[A-Za-z0-9][A-Za-z0-9_+.-]{0,63}$"
MODEL = r"^[a-z0-9][a-z0-9.-]{0,252}$"

_HELP = {
    "model": "write the rollout's name in lower case, or leave it out for the default one",
    "input": f"write the text to speak, 1 to {MAX_INPUT} characters, a letter or digit among them",
    "voice": "write a voice's name (at most 64 letters, digits, _ + . -) or leave it out for the usual one",
    "response_format": f"write one of {', '.join(get_args(Format))}",
    "speed": "write a number from 0.25 to 4.0",
    "stream_format": 'write "audio" for bare bytes or "sse" for events, or leave it out for one whole file',
    "quality_profile": 'write "fast", "balanced" or "high", or leave it out for "balanced"',
    "user": f"write the user's id as a string of at most {MAX_USER} characters",
}
_SPEAKABLE = ("L", "N", "Sc", "Sm", "So")


def refusal(
    code: str, message: str, param: str | None = None, kind: str = "invalid_request_error"
) -> dict[str, object]:
    """What a refused request is told, in OpenAI's shape: a code for programs, a message for people."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


class RequestError(Exception):
    """The client's mistake: `param` names the field, the message says what to write."""

    def __init__(self, param: str | None, message: str) -> None:
        super().__init__(message)
        self.param = param


class SpeechRequest(BaseModel):
    """One text to speak. Fields that are not named here travel to the engine as they came."""

    model_config = ConfigDict(strict=True, extra="allow", frozen=True)

    model: Annotated[str, Field(pattern=MODEL)] = DEFAULT
    input: Annotated[str, Field(min_length=1, max_length=MAX_INPUT)]
    voice: Annotated[str, Field(pattern=VOICE)] = DEFAULT
    response_format: Format = "wav"
    speed: Annotated[float, Field(ge=0.25, le=4.0, allow_inf_nan=False)] = 1.0
    stream_format: Literal["audio", "sse"] | None = None
    """None: one whole file; else the speech while it is being made up."""
    quality_profile: Literal["fast", "balanced", "high"] = "balanced"
    user: Annotated[str, Field(max_length=MAX_USER)] | None = None

    @classmethod
    def parse(cls, body: bytes) -> "SpeechRequest":
        """The request in a JSON body; RequestError names the first wrong field."""
        try:
            speech = cls.model_validate_json(body)
        except ValidationError as error:
            raise _explained(error) from None
        if not any(unicodedata.category(each).startswith(_SPEAKABLE) for each in speech.input):
            raise RequestError("input", f"input: there is nothing to speak in it; {_HELP['input']}")
        try:
            json.dumps(speech.model_extra, allow_nan=False)
        except ValueError:
            raise RequestError(
                None, "a number is not finite, which no JSON can hold; write another"
            ) from None
        return speech

    def for_engine(self, model: str) -> bytes:
        """The JSON body to send on: without the user, whom an engine need not know, and never for events."""
        fields = self.model_dump(exclude_unset=True, exclude={"user", "stream_format"})
        fields |= {"model": model, "voice": self.voice, "response_format": self.response_format}
        if self.stream_format:
            fields |= {"stream_format": "audio"}
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def _explained(error: ValidationError) -> RequestError:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if not first["loc"]:
        return RequestError(None, f'{first["msg"]}; write a JSON object such as {{"input": "Olá"}}')
    param = str(first["loc"][0])
    return RequestError(param, f"{param}: {first['msg'][0].lower()}{first['msg'][1:]}; {_HELP[param]}")

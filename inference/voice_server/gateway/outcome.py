"""What one try of a variant gave, judged without any I/O."""

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

from voice_server.audio import answers
from voice_server.audio.pcm import AudioError

CLIENTS_FAULT = frozenset({400, 413, 415, 422})
MAX_AUDIO = 64 * 1024 * 1024


class Why(StrEnum):
    """Why a variant did not serve a request; the word that stands in X-Fallback."""

    UNREACHABLE = "unreachable"
    LOST = "connection-lost"
    TIMEOUT = "timeout"
    STATUS = "error-status"
    OVERLOADED = "overloaded"
    BROKEN_AUDIO = "broken-audio"
    BREAKER_OPEN = "breaker-open"
    NO_PLACE = "no-place"


@dataclass(frozen=True, slots=True)
class Reply:
    """An engine's HTTP answer, or as much of it as has come."""

    status: int
    media_type: str
    body: bytes
    engine: str | None = None
    tier: str | None = None
    """How good the engine says it could afford to be."""
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Spoken:
    """Speech for the user."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Declined:
    """The engine says that the client asked for something impossible."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Failed:
    """The variant let the request down."""

    why: Why
    detail: str
    retry_after: float | None = None
    begun: bool = False
    """Whether a part of its speech was heard: nobody else may go on with it."""
    full: bool = False
    """Whether it said in so many words that its line is full: it works, and there is too much of it."""

    @property
    def attempted(self) -> bool:
        """Whether the variant was really asked."""
        return self.why not in {Why.BREAKER_OPEN, Why.NO_PLACE}


Outcome = Spoken | Declined | Failed


def unheard(outcome: Outcome) -> Failed | Declined | None:
    """The outcome, where its user has heard nothing: his voice may still be another's."""
    if isinstance(outcome, Declined) or (isinstance(outcome, Failed) and not outcome.begun):
        return outcome
    return None


def begun(reply: Reply) -> bool:
    """Whether a user may hear what has come of an answer; AudioError where he never may."""
    return reply.status == HTTPStatus.OK and answers.begun(reply.body, reply.media_type)


def judge(reply: Reply) -> Outcome:
    """Success is only what a user can hear; a 4xx that no good request deserves is the engine's failure."""
    if reply.status in CLIENTS_FAULT:
        return Declined(reply)
    if reply.status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        full = reply.status == HTTPStatus.TOO_MANY_REQUESTS
        return Failed(Why.OVERLOADED, f"status {reply.status}", reply.retry_after, full=full)
    if reply.status != HTTPStatus.OK:
        return Failed(Why.STATUS, f"status {reply.status}")
    if len(reply.body) > MAX_AUDIO:
        return Failed(Why.BROKEN_AUDIO, f"{len(reply.body)} bytes of audio")
    try:
        answers.check(reply.body, reply.media_type)
    except AudioError as error:
        return Failed(Why.BROKEN_AUDIO, str(error))
    return Spoken(reply)

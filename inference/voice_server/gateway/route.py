"""Which document a request is about and which side its user is on."""

from collections.abc import Mapping
from dataclasses import dataclass

from voice_flags import Document, Evaluation, User, Variant
from voice_server.gateway.flags import Flags
from voice_server.http import RefusedError
from voice_server.schemas import DEFAULT, MAX_USER, SpeechRequest

MAX_SEGMENTS = 32
MAX_SEGMENTS_LENGTH = 2048
MAX_CHARACTER = 128


@dataclass(frozen=True, slots=True)
class Route:
    document: Document
    user: User
    evaluation: Evaluation

    @property
    def assigned(self) -> Variant:
        """The side the user is on; a candidate without an address has none."""
        return self.evaluation.variant if self.document.candidate.url else Variant.STABLE

    def headers(self) -> dict[str, str]:
        return {
            "X-Variant": self.assigned,
            "X-Flag-Reason": self.evaluation.reason,
            "X-Flag-Generation": str(self.document.generation),
        }


def route(speech: SpeechRequest, headers: Mapping[str, str], flags: Flags, default: str | None) -> Route:
    """The route of a request; RefusedError says what to write when there is none."""
    document = _document(speech.model, flags, default)
    user = _user(speech, headers)
    return Route(document, user, flags.evaluate(document.rollout, user))


def _document(model: str, flags: Flags, default: str | None) -> Document:
    rollout = default if model == DEFAULT else model
    if rollout is None:
        known = ", ".join(flags.rollouts) or "none yet"
        raise RefusedError(
            400, "model_missing", f"model: write a rollout's name; known are: {known}", "model"
        )
    document = flags.document(rollout)
    if document is None and model == DEFAULT:
        raise RefusedError(
            503, "no_flags", f"nothing is known yet of the default rollout {rollout}", retry_after=2
        )
    if document is None:
        message = f"model: there is no rollout {rollout}; GET /v1/models lists those there are"
        raise RefusedError(404, "model_not_found", message, "model")
    if document.stable.url is None:
        message = (
            f"model: the rollout {rollout} is a flag without engines; write one that GET /v1/models lists"
        )
        raise RefusedError(404, "model_not_found", message, "model")
    return document


def _user(speech: SpeechRequest, headers: Mapping[str, str]) -> User:
    return User(
        id=speech.user or _short(headers, "X-User-Id", MAX_USER),
        character=_short(headers, "X-Character", MAX_CHARACTER),
        segments=_segments(_short(headers, "X-Segments", MAX_SEGMENTS_LENGTH) or ""),
    )


def _segments(text: str) -> frozenset[str]:
    names = frozenset(name.strip() for name in text.split(",") if name.strip())
    if len(names) > MAX_SEGMENTS:
        raise RefusedError(
            400, "invalid_request", f"X-Segments: write at most {MAX_SEGMENTS} names", "X-Segments"
        )
    return names


def _short(headers: Mapping[str, str], name: str, most: int) -> str | None:
    value = _text(headers.get(name))
    if value is not None and len(value) > most:
        raise RefusedError(400, "invalid_request", f"{name}: write at most {most} characters", name)
    return value or None


def _text(value: str | None) -> str | None:
    """A header's bytes, which arrive as if they were Latin-1, as the text that the same client writes into JSON."""
    try:
        return value.encode("latin-1").decode() if value else value
    except UnicodeDecodeError:
        return value

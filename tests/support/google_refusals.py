"""What Google Cloud Text-to-Speech says when it does not speak, in its own words, and what a proxy says instead."""

from datetime import timedelta
from typing import Any

from google.protobuf import duration_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2


class Refusal(Exception):  # noqa: N818
    """A google.rpc.Status to answer with."""

    def __init__(self, code: int, message: str, *details: Any) -> None:
        super().__init__(message)
        self.status = status_pb2.Status(code=code, message=message)
        for detail in details:
            self.status.details.add().Pack(detail)


class Page(Exception):  # noqa: N818
    """What a proxy on the way to the REST door answers by itself."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class DripError(Exception):
    """An answer over REST whose bytes come one by one, without end."""


def quota_exceeded(seconds: float | None = None) -> Refusal:
    info = error_details_pb2.ErrorInfo(reason="RATE_LIMIT_EXCEEDED", domain="googleapis.com")
    delay = duration_pb2.Duration()
    delay.FromTimedelta(timedelta(seconds=seconds or 0))
    asked = [error_details_pb2.RetryInfo(retry_delay=delay)] if seconds else []
    message = (
        "Quota exceeded for quota metric 'Chirp3 requests' and limit 'Chirp3 requests per minute' of service "
        "'texttospeech.googleapis.com' for consumer 'project_number:123456789'."
    )
    return Refusal(code_pb2.RESOURCE_EXHAUSTED, message, info, *asked)


def disabled() -> Refusal:
    info = error_details_pb2.ErrorInfo(reason="SERVICE_DISABLED", domain="googleapis.com")
    message = (
        "Cloud Text-to-Speech API has not been used in project 123456789 before or it is disabled. Enable it by "
        "visiting https://console.developers.google.com/apis/api/texttospeech.googleapis.com/overview then retry."
    )
    return Refusal(code_pb2.PERMISSION_DENIED, message, info)


def unavailable() -> Refusal:
    return Refusal(code_pb2.UNAVAILABLE, "The service is currently unavailable.")


def unstreamed() -> Refusal:
    return invalid("Currently, only Chirp 3: HD voices are supported for streaming synthesis.")


def invalid(message: str) -> Refusal:
    return Refusal(code_pb2.INVALID_ARGUMENT, message)

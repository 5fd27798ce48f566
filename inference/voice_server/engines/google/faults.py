"""What Google's errors mean to us: whose they are, and whether to ask again.

gRPC and REST come with the same classes of google.api_core.exceptions; REST also with those of its HTTP client.
"""

import re

from google.api_core import exceptions as api
from google.auth.exceptions import GoogleAuthError
from google.rpc.error_details_pb2 import RetryInfo
from requests.exceptions import ConnectionError as LostConnectionError
from requests.exceptions import RequestException, Timeout

from voice_server.audio.pcm import AudioError
from voice_server.engines.base import EngineError, TextError, UnknownVoiceError


class GarbledError(Exception):
    """An answer that is none of Google's; a proxy in between may have given it."""


FAULTS: tuple[type[Exception], ...] = (
    api.GoogleAPICallError,
    GoogleAuthError,
    RequestException,
    TimeoutError,
    GarbledError,
)
"""All that a call may raise."""
_PASSING = (
    api.TooManyRequests, api.InternalServerError, api.BadGateway, api.ServiceUnavailable, api.GatewayTimeout,
    LostConnectionError, Timeout, TimeoutError,
)  # fmt: skip
_LATE = (api.GatewayTimeout, Timeout, TimeoutError)
_NO_TOKEN = "Getting metadata from plugin failed"  # noqa: S105
_LONGEST_REASON = 500
_WHAT_TO_DO = (
    "mount a service account's key and write its path in GOOGLE_APPLICATION_CREDENTIALS, "
    "or its content in GOOGLE_CREDENTIALS, "
    "or bind the pod's service account to one of Google's (workload identity)"
)
_REMEDIES = {
    "SERVICE_DISABLED": "enable texttospeech.googleapis.com in the project",
    "BILLING_DISABLED": "enable billing in the project",
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": "give the node pool or the account the scope cloud-platform",
    "USER_PROJECT_DENIED": "grant the account roles/serviceusage.serviceUsageConsumer in the project",
}


class CredentialsError(EngineError):
    """Google does not know this pod or does not let it speak; the message says what an operator has to do."""


class LateError(TimeoutError, EngineError):
    """Google did not answer in the time that there was; a TimeoutError first, for that is what a client is told."""


class SentenceError(TextError):
    """A sentence is longer than this voice can speak; another family may be able to."""


class NotStreamedError(EngineError):
    """Google does not speak this while it is listened to; it may well speak it as a whole."""


def is_passing(fault: Exception) -> bool:
    """Whether the same request may well succeed a little later."""
    return isinstance(fault, _PASSING) and _NO_TOKEN not in str(fault)


def asked_to_wait(fault: Exception) -> float | None:
    """Seconds until the next request as the service asked for them (google.rpc.RetryInfo), if it did."""
    for detail in getattr(fault, "details", ()):
        if isinstance(detail, RetryInfo):
            return float(detail.retry_delay.ToTimedelta().total_seconds())
        if isinstance(detail, dict) and str(detail.get("@type")).endswith("google.rpc.RetryInfo"):
            return _seconds(str(detail.get("retryDelay")))
    return None


def understood(fault: Exception) -> EngineError:
    """The same in our own words: whose fault it is, and what to write or do instead."""
    reason = _reason(fault)
    if isinstance(fault, GoogleAuthError | api.Unauthorized) or _NO_TOKEN in reason:
        return unusable_credentials(reason)
    if isinstance(fault, api.Forbidden):
        return CredentialsError(f"Google does not let this account speak: {reason}; {_remedy(fault)}")
    if isinstance(fault, api.NotFound):
        return EngineError(f"GOOGLE_TTS_ENDPOINT: no Text-to-Speech answers there: {reason}")
    if isinstance(fault, api.MethodNotImplemented) or "supported for streaming synthesis" in reason:
        return NotStreamedError(f"Google does not stream this: {reason}")
    if isinstance(fault, api.BadRequest) and not isinstance(fault, api.FailedPrecondition | api.OutOfRange):
        return _refused(reason)
    kind = LateError if isinstance(fault, _LATE) else EngineError
    return kind(f"Google Text-to-Speech failed: {type(fault).__name__}: {reason}")


def unusable_credentials(reason: str) -> CredentialsError:
    return CredentialsError(f"Google does not accept the pod's credentials: {reason}; {_WHAT_TO_DO}")


def unusable_sound(error: AudioError) -> EngineError:
    return EngineError(f"Google sent sound that cannot be used: {error}")


def _refused(reason: str) -> EngineError:
    if re.search(r"[Vv]oice\b.* does not exist", reason):
        return UnknownVoiceError(reason)
    if "sentences that are too long" in reason:
        return SentenceError(reason)
    return TextError(f"Google refused the request: {reason}")


def _remedy(fault: api.GoogleAPICallError) -> str:
    return _REMEDIES.get(str(fault.reason), "let it use texttospeech.googleapis.com in its project")


def _reason(fault: Exception) -> str:
    said = fault.message if isinstance(fault, api.GoogleAPICallError) else str(fault)
    without_address = re.sub(r"^(GET|POST) https?://\S+: ", "", str(said))
    return without_address[:_LONGEST_REASON].strip() or "it gave no reason"


def _seconds(text: str) -> float | None:
    number = re.fullmatch(r"(\d+(?:\.\d+)?)s", text)
    return float(number.group(1)) if number else None

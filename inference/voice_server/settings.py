"""The environment, read once and refused with a sentence when it makes no sense."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

Environment = Mapping[str, str]
T = TypeVar("T")


class SettingsError(Exception):
    """A variable is missing or wrong; the message names it and says what to write."""


@dataclass(frozen=True, slots=True)
class Serving:
    """Where a server listens and how it leaves: `drain` seconds still accepting, then `grace` seconds to finish."""

    host: str
    port: int
    drain: float
    grace: float
    log_key: bytes

    @classmethod
    def read(cls, environment: Environment, port: int) -> Self:
        key = environment.get("VOICE_LOG_KEY", "").encode()[:64]
        return cls(
            host=environment.get("VOICE_HOST") or "0.0.0.0",
            port=_whole(environment, "VOICE_PORT", port, 1, 65535),
            drain=_seconds(environment, "VOICE_DRAIN_SECONDS", 5),
            grace=_seconds(environment, "VOICE_GRACE_SECONDS", 24),
            log_key=key or secrets.token_bytes(32),
        )


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """`config_map` None: flags come from the folder alone, read anew every second."""

    serving: Serving
    namespace: str
    config_map: str | None
    flags_path: Path | None
    default_rollout: str | None
    concurrency: int
    max_wait: float
    engine_timeout: float

    @classmethod
    def read(cls, environment: Environment) -> Self:
        config_map = environment.get("VOICE_FLAGS_CONFIGMAP") or None
        folder = environment.get("VOICE_FLAGS_PATH") or None
        namespace = environment.get("VOICE_NAMESPACE", "")
        if not config_map and not folder:
            raise SettingsError("VOICE_FLAGS_CONFIGMAP: write the ConfigMap that holds the flags, such as voice-flags")
        if config_map and not namespace:
            raise SettingsError("VOICE_NAMESPACE: write the namespace of the ConfigMap VOICE_FLAGS_CONFIGMAP")
        return cls(
            serving=Serving.read(environment, port=8080),
            namespace=namespace,
            config_map=config_map,
            flags_path=Path(folder) if folder else None,
            default_rollout=environment.get("VOICE_DEFAULT_ROLLOUT") or None,
            concurrency=_whole(environment, "VOICE_CONCURRENCY", 64, 1, 10_000),
            max_wait=_seconds(environment, "VOICE_MAX_WAIT_SECONDS", 2),
            engine_timeout=_seconds(environment, "VOICE_ENGINE_TIMEOUT_SECONDS", 30),
        )


@dataclass(frozen=True, slots=True)
class EngineSettings:
    serving: Serving
    engine: str
    rollout: str
    variant: str
    queue: int
    timeout: float

    @classmethod
    def read(cls, environment: Environment) -> Self:
        return cls(
            serving=Serving.read(environment, port=8000),
            engine=environment.get("VOICE_ENGINE", ""),
            rollout=environment.get("VOICE_ROLLOUT", ""),
            variant=environment.get("VOICE_VARIANT", ""),
            queue=_whole(environment, "VOICE_QUEUE", 16, 1, 10_000),
            timeout=_seconds(environment, "VOICE_SYNTHESIS_TIMEOUT_SECONDS", 25),
        )


def _whole(environment: Environment, name: str, default: int, least: int, most: int) -> int:
    return _number(environment, name, default, int, f"a whole number from {least} to {most}", (least, most))


def _seconds(environment: Environment, name: str, default: float) -> float:
    return _number(environment, name, default, float, "seconds from 0 to 3600", (0, 3600))


def _number(  # noqa: PLR0913
    environment: Environment, name: str, default: T, kind: Callable[[str], T], wanted: str, bounds: tuple[T, T]
) -> T:
    text = environment.get(name)
    if not text:
        return default
    try:
        value = kind(text)
    except ValueError:
        value = None
    if value is None or not bounds[0] <= value <= bounds[1]:
        raise SettingsError(f"{name}: {text!r} is not usable; write {wanted}")
    return value

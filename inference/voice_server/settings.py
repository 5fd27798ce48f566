"""The environment, read once and refused with a sentence when it makes no sense."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

Environment = Mapping[str, str]
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class SettingsError(Exception):
    """A variable is missing or wrong; the message names it and says what to write."""


@dataclass(frozen=True, slots=True)
class Serving:
    """Where a server listens; how it leaves: `drain` seconds accepting still, `grace` seconds to finish."""

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
class ConfigMapSource:
    """Flags from a ConfigMap through the API server at `api`, as the account in that folder.

    `copy` is the folder where the ConfigMap is mounted, too.
    """

    api: str
    namespace: str
    name: str
    copy: Path | None = None
    account: Path = SERVICE_ACCOUNT


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """`flags` is a path where flags come from a folder alone."""

    serving: Serving
    flags: ConfigMapSource | Path
    default_rollout: str | None
    concurrency: int
    max_wait: float
    engine_timeout: float
    answers: int = 64
    """MiB."""

    @classmethod
    def read(cls, environment: Environment) -> Self:
        return cls(
            serving=Serving.read(environment, port=8080),
            flags=_flags(environment),
            default_rollout=environment.get("VOICE_DEFAULT_ROLLOUT") or None,
            concurrency=_whole(environment, "VOICE_CONCURRENCY", 64, 1, 10_000),
            max_wait=_seconds(environment, "VOICE_MAX_WAIT_SECONDS", 2),
            engine_timeout=_seconds(environment, "VOICE_ENGINE_TIMEOUT_SECONDS", 30),
            answers=_whole(environment, "VOICE_ANSWERS_MIB", 64, 16, 65_536),
        )


@dataclass(frozen=True, slots=True)
class EngineSettings:
    serving: Serving
    engine: str
    rollout: str
    variant: str
    line: int
    wait: float
    timeout: float
    warm_up: float
    language: str = "pt-BR"
    watermark: str = ""
    voices: Path | None = None

    @classmethod
    def read(cls, environment: Environment) -> Self:
        return cls(
            serving=Serving.read(environment, port=8000),
            engine=environment.get("VOICE_ENGINE", ""),
            rollout=environment.get("VOICE_ROLLOUT", ""),
            variant=environment.get("VOICE_VARIANT", ""),
            line=_whole(environment, "VOICE_QUEUE", 256, 1, 10_000),
            wait=_seconds(environment, "VOICE_QUEUE_SECONDS", 8),
            timeout=_seconds(environment, "VOICE_SYNTHESIS_TIMEOUT_SECONDS", 25),
            warm_up=_seconds(environment, "VOICE_WARM_UP_SECONDS", 300),
            language=environment.get("VOICE_LANGUAGE") or "pt-BR",
            voices=voices_folder(environment),
            watermark=environment.get("VOICE_WATERMARK", ""),
        )


def allows_noncommercial(environment: Environment) -> bool:
    """Whether somebody said that weights may be served under a licence against commercial use."""
    return environment.get("VOICE_ALLOW_NONCOMMERCIAL", "").lower() == "true"


def torch_device(environment: Environment) -> str | None:
    """The device of `VOICE_DEVICE`; None: the graphics card where there is one, else the CPU. SettingsError."""
    return one_of(environment, "VOICE_DEVICE", "", ("", "cpu", "cuda")) or None


def one_of(environment: Environment, name: str, usual: str, known: tuple[str, ...]) -> str:
    """The variable's value, `usual` where it is unset; SettingsError for one that is not known."""
    value = environment.get(name) or usual
    if value not in known:
        choice = ", ".join(filter(None, known))
        raise SettingsError(f"{name}: {value!r} is not usable; write one of {choice}")
    return value


def voices_folder(environment: Environment) -> Path | None:
    """The folder in `VOICE_VOICES_PATH`, else `voices` among the model's files where there is one; SettingsError."""
    path = environment.get("VOICE_VOICES_PATH")
    model = environment.get("VOICE_MODEL_PATH")
    if not path and model:
        beside = Path(model) / "voices"
        return beside if beside.is_dir() else None
    if path and not Path(path).is_dir():
        raise SettingsError(
            f"VOICE_VOICES_PATH: there is no folder {path}; mount one with a recording for each voice there"
        )
    return Path(path) if path else None


def _flags(environment: Environment) -> ConfigMapSource | Path:
    name = environment.get("VOICE_FLAGS_CONFIGMAP")
    namespace = environment.get("VOICE_NAMESPACE")
    folder = environment.get("VOICE_FLAGS_PATH")
    path = Path(folder) if folder else None
    if name and namespace:
        return ConfigMapSource(_api(environment), namespace, name, path)
    if name:
        raise SettingsError("VOICE_NAMESPACE: write the namespace of the ConfigMap in VOICE_FLAGS_CONFIGMAP")
    if path is None:
        raise SettingsError("VOICE_FLAGS_CONFIGMAP: write the flags' ConfigMap, such as voice-flags")
    return path


def _api(environment: Environment) -> str:
    host, port = environment.get("KUBERNETES_SERVICE_HOST"), environment.get("KUBERNETES_SERVICE_PORT", "443")
    if not host:
        raise SettingsError(
            "VOICE_FLAGS_CONFIGMAP: a ConfigMap can be followed from a pod only; "
            "elsewhere leave it out and write the folder of the flags in VOICE_FLAGS_PATH"
        )
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


def _whole(environment: Environment, name: str, default: int, least: int, most: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isdecimal() or not least <= int(text) <= most:
        raise SettingsError(f"{name}: {text!r} is not usable; write a whole number from {least} to {most}")
    return int(text)


def _seconds(environment: Environment, name: str, default: float) -> float:
    text = environment.get(name) or str(default)
    if not re.fullmatch(r"\d{1,4}(\.\d{1,3})?", text):
        raise SettingsError(f"{name}: {text!r} is not usable; write seconds, such as {default} or 0.5")
    return float(text)

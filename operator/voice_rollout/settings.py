"""The operator's environment, read once."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass

from voice_rollout.resources.workload import EngineImages


@dataclass(frozen=True)
class Settings:
    """What the chart decides."""

    namespaces: tuple[str, ...]
    own_namespace: str
    identity: str
    engine_images: EngineImages
    prometheus_url: str = ""
    prometheus_token_file: str = ""
    templates_path: str = ""
    port: int = 8081
    lease: str = "voice-rollout-operator"


class SettingsError(ValueError):
    """The environment says something that cannot be."""


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Settings from VOICE_* variables; raises SettingsError naming the variable."""
    own = environment.get("VOICE_OPERATOR_NAMESPACE", "")
    if not own:
        raise SettingsError("VOICE_OPERATOR_NAMESPACE is not set: write the namespace the operator runs in")
    listed = [name.strip() for name in environment.get("VOICE_OPERATOR_NAMESPACES", own).split(",")]
    port = environment.get("VOICE_OPERATOR_PORT", "8081")
    if not port.isdigit():
        raise SettingsError(f"VOICE_OPERATOR_PORT is {port!r}: write a port number, such as 8081")
    return Settings(
        namespaces=tuple(name for name in listed if name) or (own,),
        own_namespace=own,
        identity=environment.get("POD_NAME", "") or socket.gethostname(),
        engine_images=EngineImages(
            _images(environment.get("VOICE_ENGINE_IMAGES", "")),
            environment.get("VOICE_ENGINE_IMAGE_PULL_POLICY", "IfNotPresent"),
        ),
        prometheus_url=environment.get("VOICE_PROMETHEUS_URL", ""),
        prometheus_token_file=environment.get("VOICE_PROMETHEUS_TOKEN_FILE", ""),
        templates_path=environment.get("VOICE_TEMPLATES_PATH", ""),
        port=int(port),
    )


def _images(text: str) -> dict[str, str]:
    """From `espeak=registry.example/voice:1,f5=registry.example/voice-f5:1`."""
    pairs = [one.strip().partition("=") for one in text.split(",") if one.strip()]
    if wrong := [engine for engine, _, image in pairs if not (engine and image)]:
        raise SettingsError(
            f"VOICE_ENGINE_IMAGES: {wrong[0]!r} names no image: write engine=image, with commas between"
        )
    return {engine: image for engine, _, image in pairs}

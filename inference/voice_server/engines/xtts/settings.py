"""What the environment says of the engine, and whether its licence was accepted."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from voice_server.settings import Environment, SettingsError

LICENCE = "Coqui Public Model License 1.0.0 (non-commercial)"
DEVICES = ("cpu", "cuda")


@dataclass(frozen=True, slots=True)
class XttsSettings:
    """`voice` None: the first by name. `device` None: the graphics card where there is one, else the CPU."""

    folder: Path
    language: str
    voice: str | None
    device: str | None

    @classmethod
    def read(cls, environment: Environment) -> Self:
        """SettingsError for a variable that cannot be used, and where nobody accepted the weights' licence."""
        if environment.get("VOICE_ALLOW_NONCOMMERCIAL", "").lower() != "true":
            raise SettingsError(
                f"VOICE_ALLOW_NONCOMMERCIAL: XTTS v2's weights are under the {LICENCE}: neither they nor the speech "
                "they make may be used commercially; write true if that is how you use them, else choose another engine"
            )
        folder = environment.get("VOICE_MODEL_PATH")
        if not folder:
            raise SettingsError("VOICE_MODEL_PATH: write the folder with config.json and model.safetensors")
        device = environment.get("VOICE_DEVICE") or None
        if device not in (None, *DEVICES):
            raise SettingsError(f"VOICE_DEVICE: {device!r} is not usable; write one of {', '.join(DEVICES)}")
        return cls(
            folder=Path(folder),
            language=environment.get("XTTS_LANGUAGE") or "pt",
            voice=environment.get("XTTS_VOICE") or None,
            device=device,
        )

"""What the environment says of the engine, and whether its licence was accepted."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer

from voice_server.settings import (
    Environment,
    SettingsError,
    allows_noncommercial,
    torch_device,
    voices_folder,
)

LICENCE = "Coqui Public Model License 1.0.0 (non-commercial)"


@dataclass(frozen=True, slots=True)
class XttsSettings:
    """`voice` None: the first by name. `device` None: the graphics card where there is one, else the CPU."""

    folder: Path
    voices: Path | None
    voice: str | None
    language: str
    """As XTTS names it: without a country."""
    longest_text: int
    """Characters that one line may have in this language."""
    device: str | None

    @classmethod
    def read(cls, environment: Environment) -> Self:
        """SettingsError for a variable that cannot be used, and where nobody accepted the weights' licence."""
        if not allows_noncommercial(environment):
            raise SettingsError(
                f"VOICE_ALLOW_NONCOMMERCIAL: XTTS v2's weights are under the {LICENCE}: neither they nor the speech "
                "they make may be used commercially; write true if that is how you use them, else choose another engine"
            )
        folder = environment.get("VOICE_MODEL_PATH")
        if not folder:
            raise SettingsError(
                "VOICE_MODEL_PATH: write the folder with config.json, model.safetensors and vocab.json"
            )
        language = (environment.get("VOICE_LANGUAGE") or "pt-BR").split("-")[0].lower()
        return cls(
            folder=Path(folder),
            voices=voices_folder(environment),
            voice=environment.get("XTTS_VOICE") or None,
            language=language,
            longest_text=_longest(language),
            device=torch_device(environment),
        )


def _longest(language: str) -> int:
    limits: dict[str, int] = VoiceBpeTokenizer().char_limits
    if language not in limits:
        known = ", ".join(sorted(limits))
        raise SettingsError(f"VOICE_LANGUAGE: XTTS does not speak {language!r}; write one of {known}")
    return limits[language]

"""What the environment says of the engine."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from voice_server.engines.f5.schedule import TIERS
from voice_server.settings import (
    Environment,
    SettingsError,
    allows_noncommercial,
    one_of,
    torch_device,
    voices_folder,
)

STORAGES = ("fp32", "fp16")


@dataclass(frozen=True, slots=True)
class F5Settings:
    """`voice` None: the first by name. `device` None: the graphics card where there is one, else the CPU."""

    folder: Path
    voices: Path | None
    voice: str | None
    device: str | None
    is_upstream: bool
    """f5-tts's own code speaks, not ours."""
    storage: str
    steps: tuple[int, ...]
    """The numbers of steps to speak with, from the best to the fastest."""
    is_strict: bool
    """A text with a character that the voice never learnt is refused; otherwise the nearest one is said."""
    allows_noncommercial: bool

    @classmethod
    def read(cls, environment: Environment) -> Self:
        """SettingsError for a variable that cannot be used."""
        folder = environment.get("VOICE_MODEL_PATH")
        if not folder:
            raise SettingsError("VOICE_MODEL_PATH: write the folder with the checkpoint (docs/weights.md)")
        best = one_of(environment, "F5_NFE", "16", tuple(map(str, TIERS)))
        is_upstream = one_of(environment, "F5_RUNTIME", "lean", ("lean", "upstream")) == "upstream"
        return cls(
            folder=Path(folder),
            voices=voices_folder(environment),
            voice=environment.get("F5_VOICE") or None,
            device=torch_device(environment),
            is_upstream=is_upstream,
            storage=_storage(environment, is_upstream=is_upstream),
            steps=tuple(steps for steps in TIERS if steps <= int(best)),
            is_strict=one_of(environment, "F5_VOCABULARY", "lenient", ("lenient", "strict")) == "strict",
            allows_noncommercial=allows_noncommercial(environment),
        )


def _storage(environment: Environment, *, is_upstream: bool) -> str:
    storage = one_of(environment, "F5_STORAGE", "fp32", STORAGES)
    if is_upstream and storage != "fp32":
        raise SettingsError("F5_STORAGE: upstream keeps its weights in fp32; leave it out, or F5_RUNTIME")
    return storage

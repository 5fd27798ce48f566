"""What a file of speech says of itself: that no person spoke it, and by whose leave it may be used."""

from dataclasses import dataclass

SOFTWARE = "voice-server"


@dataclass(frozen=True, slots=True)
class Mark:
    """`engine` spoke, with a model under `licence`."""

    engine: str
    licence: str

    @property
    def comment(self) -> str:
        return f"Synthetic speech by {self.engine} ({self.licence}); no person said this"

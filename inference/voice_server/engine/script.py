"""From a client's text to what an engine can say, and from what it said to one sound."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from voice_server import text
from voice_server.audio.joins import join
from voice_server.audio.pcm import Audio
from voice_server.engines.base import Engine, SpeaksWords, TellsEarly, TextError, Utterance
from voice_server.settings import SettingsError
from voice_server.text.languages import spoken_as
from voice_server.text.sentences import LEAST, opened

PAUSE = 0.2
OPENING = 40
"""Characters: the least that a listener hears first of a text, about 2.5 s."""


@dataclass(frozen=True, slots=True)
class Script:
    """How texts are written out for one engine; `longest` None: it reads them by itself."""

    language: str
    longest: int | None
    tells_early: bool = False

    @classmethod
    def of(cls, engine: Engine, language: str) -> "Script":
        """For that engine, in that language; SettingsError where texts in it cannot be written out for the engine."""
        tells_early = isinstance(engine, TellsEarly)
        if not isinstance(engine, SpeaksWords):
            return cls(language, None, tells_early)
        try:
            tag = spoken_as(language).tag
        except text.TextError as error:
            raise SettingsError(f"VOICE_LANGUAGE: {str(error).removeprefix('language: ')}") from None
        return cls(tag, engine.longest_text, tells_early)

    def pieces(self, utterance: Utterance, *, is_streamed: bool = False) -> list[Utterance]:
        """The utterance in pieces that the engine can say; TextError where there is nothing to say.

        Streamed, its first piece is short, unless the engine can be heard before a piece has ended.
        """
        if self.longest is None:
            return [utterance]
        try:
            words = text.normalise(utterance.text, self.language)
        except text.TextError as error:
            raise TextError(str(error).removeprefix("text: ")) from None
        least = min(LEAST, self.longest)
        pieces = text.split(words, least, self.longest)
        if is_streamed and not self.tells_early:
            pieces = opened(pieces, OPENING)
        return [replace(utterance, text=piece) for piece in pieces]


def whole(pieces: Sequence[Audio]) -> Audio:
    """The pieces as one sound, with a breath between them."""
    return pieces[0] if len(pieces) == 1 else join(pieces, PAUSE)

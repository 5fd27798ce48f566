"""The sound of one request, made of its lines' latents while they still come, or once all are there."""

from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from voice_server.audio.joins import Joiner
from voice_server.audio.pcm import Audio, AudioError, checked
from voice_server.audio.samples import Samples, to_audio
from voice_server.engines.base import Answer, EngineError
from voice_server.engines.xtts.generate import End, Line
from voice_server.engines.xtts.script import Piece
from voice_server.engines.xtts.tail import Ending
from voice_server.engines.xtts.vocoder import Stream, Vocoder

PAUSE = 0.2
FIRST_CHUNK, CHUNK = 20, 40
"""Latents before a listener gets his first sound, and between the next: the less at once, the more twice."""
_FAST_READER = 0.7


class Rendering:
    """Decodes each latent once. `hear` is told of what each `go_on` adds; without it all is left to `answer`."""

    def __init__(
        self,
        vocoder: Vocoder,
        pieces: Sequence[Piece],
        lines: Sequence[Line],
        speed: float,
        hear: Callable[[Audio], None] | None,
    ) -> None:
        self._lines = lines
        self._rate = vocoder.sample_rate
        self._coming = deque(
            _Sound(vocoder, line, piece, speed) for line, piece in zip(lines, pieces, strict=True)
        )
        self._joiner = Joiner(self._rate, PAUSE)
        self._hear = hear
        self._made: list[Samples] = []

    @property
    def is_heard(self) -> bool:
        return self._hear is not None

    def go_on(self) -> None:
        """Make the sound that is due: the first line's, and once that has ended the next one's."""
        while self._coming:
            current = self._coming[0]
            if not current.has_ended:
                self._add(self._joiner.add(current.due()))
                return
            self._coming.popleft()
            self._add(self._joiner.add(current.rest()))
            self._add(self._joiner.next() if self._coming else self._joiner.finish())

    def answer(self) -> Answer:
        """The whole sound; None where a line was not said because nobody wanted it.

        A line that ran on is an error wherever it stands: because of it nobody wants those that were not said yet.
        """
        endless = next((line for line in self._lines if line.end is End.RAN_ON), None)
        if endless is not None:
            return EngineError(
                f"XTTS went on for {len(endless.latents)} tokens without an end, far more than its text takes"
            )
        if any(line.end is not End.SAID for line in self._lines):
            return None
        self.go_on()
        try:
            return checked(to_audio(np.concatenate([np.zeros(0, np.float32), *self._made]), self._rate))
        except AudioError as error:
            return EngineError(f"XTTS: {error}")

    def _add(self, sound: Samples) -> None:
        if not len(sound):
            return
        self._made.append(sound)
        if self._hear is not None:
            self._hear(to_audio(sound, self._rate))


class _Sound:
    """One line's sound."""

    def __init__(self, vocoder: Vocoder, line: Line, piece: Piece, speed: float) -> None:
        self._line = line
        self._stream = Stream(vocoder, line.voice.embedding, speed)
        self._ending = Ending(vocoder.sample_rate, _FAST_READER * piece.seconds / speed)
        self._enough = FIRST_CHUNK

    @property
    def has_ended(self) -> bool:
        """Whether all of it was said: a line that ran on is not handed out to its end."""
        return self._line.end is End.SAID

    def due(self) -> Samples:
        """What can be heard already of a line that is being said, if that is worth the while."""
        if self._line.end is not None or len(self._line.latents) < self._enough:
            return np.zeros(0, np.float32)
        self._enough += CHUNK
        return self._ending.hear(self._stream.more(self._line.latents, is_last=False).numpy())

    def rest(self) -> Samples:
        """What was not given yet of a line that has ended."""
        sound = self._stream.more(self._line.latents, is_last=True).numpy()
        return np.concatenate([self._ending.hear(sound), self._ending.finish()])

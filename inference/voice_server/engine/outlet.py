"""From bits of speech to the bytes of one file that leaves while it is being made."""

import numpy as np

from voice_server.audio.encoding import Encoder, Writing
from voice_server.audio.formats import Format
from voice_server.audio.joins import Joiner
from voice_server.audio.pcm import Audio, AudioError
from voice_server.audio.samples import Samples, from_audio, to_audio
from voice_server.audio.watermark import untouched
from voice_server.engine.script import PAUSE


class Outlet:
    """Joins `pieces` pieces as `script.whole` does. Calls block while they encode; AudioError as in `encoding`.

    Nothing leaves before something can be heard: an engine that gives only silence can still be replaced. What a
    watermark is put into leaves by whole pieces, for a mark needs room.
    """

    def __init__(self, encoder: Encoder, form: Format, pieces: int) -> None:
        self._encoder = encoder
        self._form = form
        self._left = pieces
        self._by_piece = encoder.watermark is not untouched
        self._begun: tuple[Writing, Joiner, int] | None = None
        self._held: list[Samples] = []
        self._was_heard = False

    @property
    def media_type(self) -> str:
        """Known once something has left."""
        return self._begun[0].media_type if self._begun else ""

    def hear(self, audio: Audio) -> bytes:
        """What leaves now that the current piece goes on with this."""
        if self._begun is None:
            rate = audio.sample_rate
            self._begun = self._encoder.begin(self._form, rate), Joiner(rate, PAUSE), rate
        writing, joiner, rate = self._begun
        if audio.sample_rate != rate:
            raise AudioError(f"speech at {audio.sample_rate} Hz cannot go on at {rate} Hz")
        self._held.append(joiner.add(from_audio(audio)))
        return b"" if self._by_piece else self._released(writing, rate)

    def end_piece(self) -> bytes:
        """What leaves now that the current piece has ended; the last one ends the file."""
        if self._begun is None:
            return b""
        writing, joiner, rate = self._begun
        self._left -= 1
        self._held.append(joiner.next() if self._left else joiner.finish())
        leaving = self._released(writing, rate)
        return leaving if self._left else leaving + writing.end()

    def _released(self, writing: Writing, rate: int) -> bytes:
        audio = to_audio(np.concatenate(self._held), rate)
        self._was_heard = self._was_heard or not audio.is_silent
        if not self._was_heard:
            return b""
        self._held.clear()
        return writing.more(audio)

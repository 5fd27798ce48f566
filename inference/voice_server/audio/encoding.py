"""Speech as a file, whole or while it is being made up, with its provenance in the file's own metadata."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import SEEK_CUR, SEEK_END, SEEK_SET, BytesIO
from typing import Protocol

import numpy as np
import soundfile
import soxr

from voice_server.audio import wav
from voice_server.audio.formats import Format, media_type
from voice_server.audio.headers import mpeg
from voice_server.audio.pcm import Audio, AudioError
from voice_server.audio.provenance import SOFTWARE, Mark
from voice_server.audio.samples import Samples, from_audio, resampled, to_audio
from voice_server.audio.watermark import Watermark, applied, untouched

_PAGE_LATENCY_COMMAND, _PAGE_MS = 0x1302, 100.0


class _Leaving:
    """What libsndfile writes, to be taken bit by bit. At the end it goes back to fill in totals: they are dropped."""

    def __init__(self) -> None:
        self._written = bytearray()
        self._at = self._end = 0

    def write(self, data: bytes) -> int:
        if self._at == self._end:
            self._written += data
            self._end += len(data)
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        self._at = offset + {SEEK_SET: 0, SEEK_CUR: self._at, SEEK_END: self._end}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def taken(self) -> bytes:
        """What was written since the last time."""
        taken, self._written = bytes(self._written), bytearray()
        return taken


class _LeavingMp3(_Leaving):
    """Without LAME's first frame, a place for totals that would play as silence; nothing leaves until it is there."""

    def __init__(self) -> None:
        super().__init__()
        self._began = False

    def taken(self) -> bytes:
        if not self._began:
            first = _first_frame(bytes(self._written))
            if first is None:
                return b""
            del self._written[first]
            self._began = True
        return super().taken()


def _first_frame(data: bytes) -> slice | None:
    """Where it lies; None while there is no second one."""
    try:
        start = mpeg.claim(data).offset
    except AudioError:
        return None
    frame = mpeg.frame(data[start:])
    return slice(start, start + frame.length) if frame else None


@dataclass(frozen=True, slots=True)
class _Codec:
    """`rates` are those it takes, in rising order; none named: any. `streamed` is how it is set up for streams."""

    container: str
    coding: str
    rates: tuple[int, ...] = ()
    streamed: Mapping[str, object] = field(default_factory=dict)
    leaving: Callable[[], _Leaving] = _Leaving

    def rate(self, of_speech: int) -> int:
        """The lowest rate that keeps the whole of the speech, else the highest there is."""
        if not self.rates:
            return of_speech
        return next((rate for rate in self.rates if rate >= of_speech), self.rates[-1])

    def open(
        self, file: BytesIO | _Leaving, of_speech: int, mark: Mark, **settings: object
    ) -> soundfile.SoundFile:
        """A file to write sound into, at the codec's rate for the speech."""
        sound = soundfile.SoundFile(
            file, "w", self.rate(of_speech), 1, self.coding, format=self.container, **settings
        )
        sound.software = SOFTWARE
        sound.comment = mark.comment
        sound.license = mark.licence
        return sound


_CODECS = {
    "mp3": _Codec(
        "MP3", "MPEG_LAYER_III", (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000),
        # Without totals a variable rate misleads: libsndfile estimates a length by it, and stops there.
        {"bitrate_mode": "CONSTANT", "compression_level": 0.5}, _LeavingMp3,
    ),
    "opus": _Codec("OGG", "OPUS", (8000, 12000, 16000, 24000, 48000)),
    # Blocks of 1152 samples instead of 4096, which leave earlier.
    "flac": _Codec("FLAC", "PCM_16", streamed={"compression_level": 0.25}),
}  # fmt: skip


class _Stream(Protocol):
    def more(self, audio: Audio) -> bytes: ...

    def end(self) -> bytes: ...


class Writing:
    """Speech that leaves while it is being made up; nothing is taken back. `media_type` is its Content-Type.

    Bytes of all calls, laid end to end, are one file, or bare samples. Calls block while they encode.
    """

    def __init__(self, form: Format, rate: int, mark: Mark, watermark: Watermark) -> None:
        self.media_type = media_type(form, rate)
        self._rate = rate
        self._watermark = watermark
        self._stream = _stream(form, rate, mark)
        self._has_sound = False

    def more(self, audio: Audio) -> bytes:
        """What can leave now that the speech goes on with this; a codec may keep back some of it, or all.

        The watermark marks this sound as a whole: where one is set, give whole pieces. AudioError where it would be
        heard, or the speech is at another rate.
        """
        if audio.sample_rate != self._rate:
            raise AudioError(f"speech at {audio.sample_rate} Hz cannot go on at {self._rate} Hz")
        if not audio.samples:
            return b""
        self._has_sound = True
        return self._stream.more(_marked(audio, self._watermark))

    def end(self) -> bytes:
        """The rest, once; AudioError where there was no sound."""
        if not self._has_sound:
            raise AudioError("the speech ends before its first sound")
        return self._stream.end()


@dataclass(frozen=True, slots=True)
class Encoder:
    """Makes files of one engine's speech."""

    mark: Mark
    watermark: Watermark = untouched

    def encode(self, audio: Audio, form: Format) -> tuple[bytes, str]:
        """The bytes and their media type; AudioError where the watermark would be heard.

        Bare samples (`pcm`) have no place for the mark.
        """
        return self._file(_marked(audio, self.watermark), form), media_type(form, audio.sample_rate)

    def begin(self, form: Format, rate: int) -> Writing:
        """The same for speech at `rate` that is not whole yet."""
        return Writing(form, rate, self.mark, self.watermark)

    def _file(self, audio: Audio, form: Format) -> bytes:
        if form == "pcm":
            return audio.samples
        if form == "wav":
            return wav.encode(audio, _info(self.mark))
        return _written(audio, _CODECS[form], self.mark)


def _marked(audio: Audio, watermark: Watermark) -> Audio:
    if watermark is untouched:
        return audio
    rate = audio.sample_rate
    return to_audio(applied(watermark, from_audio(audio), rate), rate)


def _info(mark: Mark) -> dict[str, str]:
    return {"ISFT": SOFTWARE, "ICMT": mark.comment}


def _written(audio: Audio, codec: _Codec, mark: Mark) -> bytes:
    rate, file = audio.sample_rate, BytesIO()
    with codec.open(file, rate, mark) as sound:
        sound.write(resampled(from_audio(audio), rate, codec.rate(rate)))
    return file.getvalue()


def _stream(form: Format, rate: int, mark: Mark) -> _Stream:
    if form == "pcm":
        return _Plain()
    if form == "wav":
        return _Plain(wav.head(rate, _info(mark)))
    return _Coded(_CODECS[form], rate, mark)


@dataclass(slots=True)
class _Plain:
    """Samples behind a head that leaves with the first of them."""

    head: bytes = b""

    def more(self, audio: Audio) -> bytes:
        head, self.head = self.head, b""
        return head + audio.samples

    def end(self) -> bytes:
        return b""


class _Coded:
    """Samples through libsndfile; resampled in bits they are the same, to the bit, as at once."""

    def __init__(self, codec: _Codec, rate: int, mark: Mark) -> None:
        self._file = codec.leaving()
        self._sound = codec.open(self._file, rate, mark, **codec.streamed)
        if codec.container == "OGG":
            _shorten_pages(self._sound)
        wanted = codec.rate(rate)
        self._resampler = None if rate == wanted else soxr.ResampleStream(rate, wanted, 1, quality="HQ")

    def more(self, audio: Audio) -> bytes:
        self._write(from_audio(audio))
        return self._file.taken()

    def end(self) -> bytes:
        self._write(np.zeros(0, np.float32), last=True)
        self._sound.close()
        return self._file.taken()

    def _write(self, samples: Samples, *, last: bool = False) -> None:
        resampler = self._resampler
        self._sound.write(resampler.resample_chunk(samples, last) if resampler else samples)


def _shorten_pages(sound: soundfile.SoundFile) -> None:
    # libsndfile keeps a second of sound back to fill a page of Ogg; soundfile has no public way to its command.
    latency = soundfile._ffi.new("double *", _PAGE_MS)  # noqa: SLF001
    soundfile._snd.sf_command(sound._file, _PAGE_LATENCY_COMMAND, latency, 8)  # noqa: SLF001

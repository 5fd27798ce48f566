"""Speech as a file, with its provenance in the file's own metadata."""

from dataclasses import dataclass
from io import BytesIO

import soundfile

from voice_server.audio import wav
from voice_server.audio.formats import Format, media_type
from voice_server.audio.pcm import Audio
from voice_server.audio.provenance import SOFTWARE, Mark
from voice_server.audio.samples import from_audio, resampled, to_audio
from voice_server.audio.watermark import Watermark, applied, untouched


@dataclass(frozen=True, slots=True)
class _Codec:
    """`rates` are those it takes, in rising order; none named: any."""

    container: str
    coding: str
    rates: tuple[int, ...] = ()

    def rate(self, of_speech: int) -> int:
        """The lowest rate that keeps the whole of the speech, else the highest there is."""
        if not self.rates:
            return of_speech
        return next((rate for rate in self.rates if rate >= of_speech), self.rates[-1])


_CODECS = {
    "mp3": _Codec("MP3", "MPEG_LAYER_III", (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)),
    "opus": _Codec("OGG", "OPUS", (8000, 12000, 16000, 24000, 48000)),
    "flac": _Codec("FLAC", "PCM_16"),
}


@dataclass(frozen=True, slots=True)
class Encoder:
    """Makes files of one engine's speech."""

    mark: Mark
    watermark: Watermark = untouched

    def encode(self, audio: Audio, form: Format) -> tuple[bytes, str]:
        """The bytes and their media type; AudioError where the watermark would be heard.

        Bare samples (`pcm`) have no place for the mark.
        """
        rate = audio.sample_rate
        if self.watermark is not untouched:
            audio = to_audio(applied(self.watermark, from_audio(audio), rate), rate)
        return self._file(audio, form), media_type(form, rate)

    def _file(self, audio: Audio, form: Format) -> bytes:
        if form == "pcm":
            return audio.samples
        if form == "wav":
            return wav.encode(audio, {"ISFT": SOFTWARE, "ICMT": self.mark.comment})
        return _written(audio, _CODECS[form], self.mark)


def _written(audio: Audio, codec: _Codec, mark: Mark) -> bytes:
    rate = codec.rate(audio.sample_rate)
    file = BytesIO()
    with soundfile.SoundFile(
        file, "w", rate, channels=1, format=codec.container, subtype=codec.coding
    ) as sound:
        sound.software = SOFTWARE
        sound.comment = mark.comment
        sound.license = mark.licence
        sound.write(resampled(from_audio(audio), audio.sample_rate, rate))
    return file.getvalue()

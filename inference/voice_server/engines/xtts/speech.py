"""Requests spoken together, or one while it is still being made up."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from secrets import randbits

import numpy as np
import torch

from voice_server.audio.joins import join
from voice_server.audio.pcm import Audio, AudioError, checked
from voice_server.audio.samples import Samples, to_audio
from voice_server.engines.base import Answer, EngineError
from voice_server.engines.xtts.checkpoint import Model
from voice_server.engines.xtts.config import Sampling
from voice_server.engines.xtts.generate import End, Line, Speaker
from voice_server.engines.xtts.script import Piece
from voice_server.engines.xtts.tail import Ending
from voice_server.engines.xtts.vocoder import Stream, Vocoder
from voice_server.engines.xtts.voice import Voice

ROWS = 5
PAUSE = 0.2
FIRST_CHUNK, CHUNK = 20, 40
"""Latents before a stream gives its first sound, and between the next: the less at once, the more twice."""
_FAST_READER = 0.7
_SLACK = 60
_SEED_BITS = 63


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """A text in pieces, the voice to say it in, its pace, and whether anybody still waits for it."""

    pieces: Sequence[Piece]
    voice: Voice
    speed: float
    is_wanted: Callable[[], bool]
    seed: int | None = None
    """None: another rendering each time."""


class Studio:
    """One model's GPT and vocoder. For one thread at a time; requests leave nothing behind in it."""

    def __init__(self, model: Model, sampling: Sampling) -> None:
        shape = model.config.model_args
        self.vocoder = Vocoder(model.decoder)
        self._speaker = Speaker(model, sampling)
        self._pace = shape.input_sample_rate / shape.gpt_code_stride_len
        self._device = model.mel_norms.device

    def move_vocoder_to_cpu(self) -> None:
        """Free what the vocoder and its working memory take of the card."""
        self.vocoder.move(torch.device("cpu"))
        torch.cuda.empty_cache()

    def speak(self, requests: Sequence[Request]) -> list[Answer]:
        """One answer a request, in their order: the lines of all are said together, `ROWS` at a time."""
        scripts = [self._lines(request) for request in requests]
        lines = sorted((line for script in scripts for line in script), key=lambda line: line.most)
        for first in range(0, len(lines), ROWS):
            wanted = [line for line in lines[first : first + ROWS] if line.is_wanted()]
            for _ in self._speaker.say(wanted):
                pass
        return [self._answer(request, script) for request, script in zip(requests, scripts, strict=True)]

    def stream(self, request: Request) -> Iterator[Audio]:
        """The sound bit by bit, each latent decoded once; EngineError when a line does not end.

        It ends early when nobody wants it any more. Laid end to end the bits are what `speak` gives.
        """
        pause = np.zeros(round(PAUSE * self.vocoder.sample_rate), np.float32)
        for number, line in enumerate(self._lines(request)):
            if number and line.is_wanted():
                yield self._audio(pause)
            for sound in self._bits(line, request.pieces[number], request.speed):
                if len(sound):
                    yield self._audio(sound)

    def _bits(self, line: Line, piece: Piece, speed: float) -> Iterator[Samples]:
        stream = Stream(self.vocoder, line.voice.embedding, speed)
        ending = self._ending(piece, speed)
        due = FIRST_CHUNK
        for _ in self._speaker.say([line]):
            if line.end is None and len(line.latents) >= due:
                due += CHUNK
                yield ending.hear(stream.more(line.latents, is_last=False).numpy())
        if _was_said(line):
            yield ending.hear(stream.more(line.latents, is_last=True).numpy())
            yield ending.finish()

    def _lines(self, request: Request) -> list[Line]:
        """The request's lines; once one of them would not end, nobody wants the others."""
        lines: list[Line] = []

        def is_wanted() -> bool:
            return request.is_wanted() and all(line.end is not End.RAN_ON for line in lines)

        seed = randbits(_SEED_BITS) if request.seed is None else request.seed
        for number, piece in enumerate(request.pieces):
            generator = torch.Generator(self._device).manual_seed((seed + number) % 2**_SEED_BITS)
            most = min(self._speaker.longest, _SLACK + round(2 * piece.seconds * self._pace))
            lines.append(Line(piece.tokens, request.voice, most, generator, is_wanted))
        return lines

    def _answer(self, request: Request, lines: Sequence[Line]) -> Answer:
        try:
            sounds = []
            for line, piece in zip(lines, request.pieces, strict=True):
                if not request.is_wanted() or not _was_said(line):
                    return None
                sounds.append(self._audio(self._sound(line, piece, request.speed)))
            return checked(join(sounds, PAUSE))
        except AudioError as error:
            return EngineError(f"XTTS: {error}")
        except EngineError as error:
            return error

    def _sound(self, line: Line, piece: Piece, speed: float) -> Samples:
        ending = self._ending(piece, speed)
        sound = self.vocoder.speak(line.latents, line.voice.embedding, speed)
        return np.concatenate([ending.hear(sound.numpy()), ending.finish()])

    def _ending(self, piece: Piece, speed: float) -> Ending:
        return Ending(self.vocoder.sample_rate, _FAST_READER * piece.seconds / speed)

    def _audio(self, sound: Samples) -> Audio:
        return to_audio(sound, self.vocoder.sample_rate)


def _was_said(line: Line) -> bool:
    """False when nobody wanted it; EngineError when it would not end: what was cut short is never handed out."""
    if line.end is End.RAN_ON:
        raise EngineError(
            f"XTTS went on for {len(line.latents)} tokens, twice what its text can take, without an end"
        )
    return line.end is End.SAID

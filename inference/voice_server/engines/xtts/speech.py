"""Requests spoken together, each whole or while it is still being made up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from secrets import randbits

import torch

from voice_server.audio.pcm import Audio
from voice_server.audio.samples import Samples
from voice_server.engines.base import Answer, DeviceLostError
from voice_server.engines.xtts import checkpoint
from voice_server.engines.xtts.checkpoint import Model
from voice_server.engines.xtts.config import Sampling
from voice_server.engines.xtts.generate import End, Line, Speaker
from voice_server.engines.xtts.rendering import Rendering
from voice_server.engines.xtts.script import Piece
from voice_server.engines.xtts.vocoder import Vocoder
from voice_server.engines.xtts.voice import Listener, Voice

ROWS = 5
_SLACK = 60
_SEED_BITS = 63


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """A text in pieces, the voice to say it in, its pace, and whether anybody still waits for it."""

    pieces: Sequence[Piece]
    voice: Voice
    speed: float
    is_wanted: Callable[[], bool]
    hear: Callable[[Audio], None] | None = None
    """Told of the sound bit by bit, each latent decoded once; laid end to end the bits are the answer."""
    seed: int | None = None
    """None: another rendering each time."""


class Studio:
    """One model that speaks, and that hears voices. For one thread at a time; requests leave nothing behind in it."""

    def __init__(self, model: Model, sampling: Sampling) -> None:
        shape = model.config.model_args
        self._folder = model.folder
        self._sampling = sampling
        self._pace = shape.input_sample_rate / shape.gpt_code_stride_len
        self._use(model)

    def _use(self, model: Model) -> None:
        self.vocoder = Vocoder(model.decoder)
        self._speaker = Speaker(model, self._sampling)
        self._listener = Listener(model)
        self._device = model.mel_norms.device
        self._is_loaded = True

    def move_vocoder_to_cpu(self) -> None:
        """Free what the vocoder and its working memory take of the card."""
        self.vocoder.move(torch.device("cpu"))
        torch.cuda.empty_cache()

    def move_to_cpu(self) -> None:
        """The weights are read again: the card need not hold them until they are there.

        Where they cannot be, nothing is left to speak with: from then on whoever asks gets a DeviceLostError.
        """
        self._is_loaded = False
        del self.vocoder, self._speaker, self._listener
        torch.cuda.empty_cache()
        self._use(checkpoint.load(self._folder, torch.device("cpu")))

    def hear(self, samples: Samples, rate: int) -> Voice:
        """The voice in a recording at `rate` Hz; EngineError when it is too short."""
        self._check_loaded()
        return self._listener.hear(samples, rate)

    def speak(self, requests: Sequence[Request]) -> list[Answer]:
        """One answer a request, in their order: the lines of all are said together, `ROWS` at a time."""
        self._check_loaded()
        scripts = [self._lines(request) for request in requests]
        renderings = [
            Rendering(self.vocoder, request.pieces, lines, request.speed, request.hear)
            for request, lines in zip(requests, scripts, strict=True)
        ]
        heard = [each for each in renderings if each.is_heard]
        lines = _in_order(scripts, is_heard=bool(heard))
        for first in range(0, len(lines), ROWS):
            wanted = [line for line in lines[first : first + ROWS] if line.is_wanted()]
            for _ in self._speaker.say(wanted):
                for rendering in heard:
                    rendering.go_on()
        return [
            rendering.answer() if request.is_wanted() else None
            for request, rendering in zip(requests, renderings, strict=True)
        ]

    def _check_loaded(self) -> None:
        if not self._is_loaded:
            raise DeviceLostError(
                "XTTS: the weights left the card and could not be read again; the log says why"
            )

    def _lines(self, request: Request) -> list[Line]:
        """The request's lines; once one of them would not end, nobody wants the others."""
        lines: list[Line] = []

        def is_wanted() -> bool:
            return request.is_wanted() and all(line.end is not End.RAN_ON for line in lines)

        seed = randbits(_SEED_BITS) if request.seed is None else request.seed
        for number, piece in enumerate(request.pieces):
            generator = torch.Generator(self._device).manual_seed((seed + number) % 2**_SEED_BITS)
            most = _SLACK + round(2 * piece.seconds * self._pace)
            lines.append(Line(piece.tokens, request.voice, most, generator, is_wanted))
        return lines


def _in_order(scripts: Sequence[Sequence[Line]], *, is_heard: bool) -> list[Line]:
    """Lines of about one length lie together; where somebody listens, nobody's second line comes before a first."""
    numbered = chain.from_iterable(map(enumerate, scripts))
    ordered = sorted(numbered, key=lambda each: (each[0] * is_heard, each[1].most))
    return [line for _, line in ordered]

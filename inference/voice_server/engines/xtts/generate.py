"""From text tokens and a voice to the latents that the vocoder speaks, several lines at once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

import torch
from torch import Generator, Tensor
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from voice_server.engines.xtts.checkpoint import Model
from voice_server.engines.xtts.config import Sampling
from voice_server.engines.xtts.sampling import draw
from voice_server.engines.xtts.transformer import Memory
from voice_server.engines.xtts.voice import Voice

_PROMPT_TOKEN = 1
"""Upstream fills the prompt's places with this token, so that the repetition penalty meets it. Voices were tuned so."""


class End(Enum):
    """Why a line got no longer: it was said, it would not stop, or nobody wanted it any more."""

    SAID = auto()
    RAN_ON = auto()
    UNWANTED = auto()


@dataclass(slots=True)
class Line:
    """Text tokens to be said in a voice, in at most `most` audio tokens or as many as the model has places for; what
    was said so far, and how it ended.
    """

    tokens: Sequence[int]
    voice: Voice
    most: int
    generator: Generator
    is_wanted: Callable[[], bool]
    latents: list[Tensor] = field(default_factory=list)
    end: End | None = None


class Speaker:
    """The GPT of a model. It keeps nothing of what it says: lines of different callers may take turns."""

    def __init__(self, model: Model, sampling: Sampling) -> None:
        self._gpt = model.gpt
        self._sampling = sampling
        self._transformer = model.transformer
        self._device = model.mel_norms.device

    @torch.inference_mode()
    def _begin(self, lines: Sequence[Line]) -> tuple[Memory, Tensor, Tensor]:
        prompts = [self._prompt(line) for line in lines]
        batch = pad_sequence(prompts, batch_first=True, padding_side="left")
        padding = torch.tensor([batch.shape[1] - len(each) for each in prompts], device=self._device)
        memory = Memory(padding)
        heard = self._transformer.read(batch, memory)
        seen = torch.zeros(len(lines), self._gpt.num_audio_tokens, dtype=torch.bool, device=self._device)
        seen[:, [_PROMPT_TOKEN, self._gpt.start_audio_token]] = True
        return memory, heard, seen

    def say(self, lines: Sequence[Line]) -> Iterator[None]:
        """Say the lines together, one audio token each at every step, until each has ended.

        A latent has shape (width,). A line that ends leaves the batch; the others do not notice.
        """
        alive = list(lines)
        if not alive:
            return
        memory, heard, seen = self._begin(alive)
        step = 0
        while True:
            step += 1
            with torch.inference_mode():
                tokens = draw(
                    self._gpt.mel_head(heard), seen, self._sampling, [line.generator for line in alive]
                )
            for line, latent, token in zip(alive, heard, tokens.tolist(), strict=True):
                line.latents.append(latent)
                line.end = self._end(line, token)
            yield
            rows = [row for row, line in enumerate(alive) if line.end is None]
            if not rows:
                return
            if len(rows) < len(alive):
                alive = [alive[row] for row in rows]
                memory.keep(rows)
                seen, tokens = seen[rows], tokens[rows]
            heard = self._next(tokens, step, memory, seen)

    @torch.inference_mode()
    def _next(self, tokens: Tensor, step: int, memory: Memory, seen: Tensor) -> Tensor:
        seen.scatter_(1, tokens[:, None], value=True)
        position = self._gpt.mel_pos_embedding.emb.weight[step]
        return self._transformer.read((self._gpt.mel_embedding(tokens) + position)[:, None], memory)

    def _end(self, line: Line, token: int) -> End | None:
        if token == self._gpt.stop_audio_token:
            return End.SAID
        if len(line.latents) >= min(line.most, self._gpt.max_gen_mel_tokens):
            return End.RAN_ON
        return None if line.is_wanted() else End.UNWANTED

    def _prompt(self, line: Line) -> Tensor:
        """The voice, the text between its marks, and the mark where audio begins: (positions, width)."""
        gpt = self._gpt
        text = torch.tensor(line.tokens, device=self._device)
        text = functional.pad(
            functional.pad(text, (0, 1), value=gpt.stop_text_token), (1, 0), value=gpt.start_text_token
        )
        words = gpt.text_embedding(text) + gpt.text_pos_embedding.emb.weight[: len(text)]
        start = gpt.mel_embedding.weight[gpt.start_audio_token] + gpt.mel_pos_embedding.emb.weight[0]
        return torch.cat([line.voice.latents[0].to(self._device), words, start[None]])

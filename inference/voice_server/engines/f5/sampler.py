"""Speech from noise: a batch of requests goes through the network step by step, and whoever gives up leaves it."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import torch
from torch import Tensor

from voice_server.engines.f5.architecture import Architecture
from voice_server.engines.f5.attention import Packing
from voice_server.engines.f5.layers import Source
from voice_server.engines.f5.mel import mel
from voice_server.engines.f5.model import LONGEST, Network
from voice_server.engines.f5.schedule import TIERS, times

GUIDANCE = 2.0


class RequestError(ValueError):
    """The network cannot speak this; the message says what would have to be different."""


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """A reference to continue, checked once and spoken with often."""

    mel: Tensor
    """[frames, mel_dim], fp32, on the CPU."""
    tokens: Tensor
    """[n], int64, on the CPU: what the reference says."""


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """`tokens` of a text to be said by `voice` within `frames` frames; the same seed gives the same sound."""

    voice: Voice
    tokens: Sequence[int]
    frames: int
    seed: int
    is_wanted: Callable[[], bool]


class F5:
    def __init__(
        self,
        weights: Mapping[str, Tensor],
        architecture: Architecture,
        device: torch.device | str = "cpu",
        storage: torch.dtype = torch.float32,
        tiers: Collection[int] = TIERS,
    ) -> None:
        """The network made of `weights`, named and shaped as `architecture.shapes` says, for these numbers of steps.

        Each tensor is asked for once, copied to `device`, and let go before the next: where `weights` reads tensors
        when asked, no more than one of them is ever in memory twice. With `storage` fp16 the copies take half the
        memory and are computed with in fp32; StorageError where a value is too large for that.
        """
        self._steps = {steps: times(steps) for steps in tiers}
        source = Source(weights, torch.device(device), storage)
        with torch.inference_mode():
            self._network = Network.read(source, architecture, _starts(self._steps.values()))

    @property
    def architecture(self) -> Architecture:
        return self._network.architecture

    def learn(self, samples: Tensor, tokens: Sequence[int]) -> Voice:
        """The voice in [n] samples at 24 kHz that say `tokens`; RequestError."""
        return self.prepare(mel(samples), tokens)

    def prepare(self, heard: Tensor, tokens: Sequence[int]) -> Voice:
        """The voice of a recording with the mel [frames, mel_dim], as `mel.mel` gives it, that says `tokens`."""
        return voice(heard, tokens, self.architecture)

    def speak(self, requests: Sequence[Request], steps: int, cfg: float = GUIDANCE) -> list[Tensor | None]:
        """The mel [frames, mel_dim] of each request, on the network's device, without the reference.

        None for a request that was no longer wanted, asked before each step. A mel has at least one frame, and more
        than were asked for where there are more tokens than frames, reference included. `cfg` is the strength of the
        guidance, 0 for none, which takes half the time. RequestError when a request cannot be spoken.
        """
        if steps not in self._steps:
            raise RequestError(f"there are no tables for {steps} steps; write one of {sorted(self._steps)}")
        with torch.inference_mode():
            return self._spoken(requests, self._steps[steps], cfg)

    def _spoken(
        self, requests: Sequence[Request], moments: Sequence[float], cfg: float
    ) -> list[Tensor | None]:
        texts = [_checked(request.tokens, self.architecture) for request in requests]
        lengths = [frames(request) for request in requests]
        takes = [
            Take.begun(self._network, request, text, length, guided=cfg > 0) if request.is_wanted() else None
            for request, text, length in zip(requests, texts, lengths, strict=True)
        ]
        finished = self._moved([take for take in takes if take is not None], moments, cfg)
        return [take.speech() if take is not None and take in finished else None for take in takes]

    def _moved(self, takes: "list[Take]", moments: Sequence[float], cfg: float) -> "list[Take]":
        """Those takes that somebody wanted to the end, by the Euler method from noise to speech."""
        packing: Packing | None = None
        for now, after in pairwise(moments):
            wanted = [take for take in takes if take.request.is_wanted()]
            if not wanted:
                return []
            if packing is None or len(wanted) < len(takes):
                packing = self._network.pack([take.condition for take in wanted])
            takes = wanted
            velocities = self._network.velocities(
                [take.mel for take in takes], [take.condition for take in takes], packing, now
            )
            for take, velocity in zip(takes, velocities, strict=True):
                take.move(_guided(velocity, cfg), after - now)
        return takes


def voice(heard: Tensor, tokens: Sequence[int], architecture: Architecture) -> Voice:
    """A voice that such a network can continue; RequestError says what would have to be different."""
    bands = architecture.mel_dim
    if heard.shape[1:] != (bands,) or not 0 < len(heard) < LONGEST:
        raise RequestError(
            f"a reference has the shape {tuple(heard.shape)}; "
            f"write [frames, {bands}] with 1 to {LONGEST - 1} frames"
        )
    if not heard.isfinite().all():
        raise RequestError("a reference holds values that are no numbers; record it anew")
    if len(tokens) > len(heard):
        raise RequestError(
            f"{len(tokens)} tokens are too many for a reference of {len(heard)} frames; write what is said in it"
        )
    return Voice(heard.detach().to("cpu", torch.float32, copy=True), _checked(tokens, architecture))


def frames(request: Request) -> int:
    """Those of reference and speech together, enough for at least one of speech and one a token; RequestError."""
    reference = len(request.voice.mel)
    tokens = len(request.voice.tokens) + len(request.tokens)
    length = max(reference + request.frames, reference + 1, tokens + 1)
    if length > LONGEST:
        raise RequestError(
            f"{length} frames of reference and speech are too many; write a text of at most {LONGEST} frames"
        )
    return length


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """One request on its way."""

    request: Request
    condition: Tensor
    mel: Tensor
    """[length, mel_dim]: noise at first, speech in the end; it begins with the reference, spoken again."""

    @classmethod
    def begun(cls, network: Network, request: Request, text: Tensor, length: int, *, guided: bool) -> "Take":
        tokens = torch.cat((request.voice.tokens, text)).to(network.device)
        reference = request.voice.mel.to(network.device)
        condition = network.condition(reference, tokens, length, guided=guided)
        # On the CPU, so that a seed means the same on every device.
        generator = torch.Generator().manual_seed(request.seed)
        noise = torch.randn(length, network.architecture.mel_dim, generator=generator)
        return cls(request, condition, noise.to(network.device))

    def move(self, velocity: Tensor, time: float) -> None:
        self.mel.add_(velocity, alpha=time)

    def speech(self) -> Tensor:
        return self.mel[len(self.request.voice.mel) :]


def _guided(velocity: Tensor, cfg: float) -> Tensor:
    """Classifier-free guidance (arXiv 2207.12598): [streams, length, mel_dim] -> [length, mel_dim]."""
    if len(velocity) == 1:
        return velocity[0]
    told, untold = velocity.unbind()
    return torch.lerp(untold, told, 1 + cfg)


def _checked(tokens: Sequence[int], architecture: Architecture) -> Tensor:
    # An index out of range on a GPU ends its process: it is looked for here.
    known = architecture.text_num_embeds
    if any(not 0 <= token < known for token in tokens):
        raise RequestError(f"a token is outside of the vocabulary, which has the numbers 0 to {known - 1}")
    return torch.tensor(tokens, dtype=torch.int64)


def _starts(schedules: Iterable[Sequence[float]]) -> set[float]:
    """All times at which a step begins."""
    return set(chain.from_iterable(moments[:-1] for moments in schedules))

"""F5-TTS in two runtimes, ours and upstream's, each ready to say one text in the voice of one recording."""

import contextlib
import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from bench.f5_files import SAID, VOCABULARY, Laid, loaded, stored, upstream_vocoder
from f5_tts.infer import utils_infer
from f5_tts.model import DiT
from f5_tts.model.modules import MelSpec

from voice_server.engines import load
from voice_server.engines.base import Engine, Job, Utterance
from voice_server.engines.f5 import duration
from voice_server.engines.f5.architecture import Architecture
from voice_server.engines.f5.checkpoint import Checkpoint
from voice_server.engines.f5.mel import mel
from voice_server.engines.f5.sampler import F5, Request, Voice
from voice_server.engines.f5.tokenizer import Tokenizer, tokens
from voice_server.engines.f5.vocabulary import Vocabulary
from voice_server.engines.f5.vocabulary import read as read_vocabulary
from voice_server.engines.f5.vocoder import Vocos
from voice_server.engines.f5.weights import Weights

STEPS = 7
TEXT = "O trem das onze sai hoje da linha dois."
QUIETLY: dict[str, Any] = {"show_info": lambda *_: None, "progress": None}


def our_network(
    laid: Laid, architecture: Architecture, device: str = "cpu", storage: torch.dtype = torch.float32
) -> F5:
    return F5(Weights(Checkpoint.open(laid.weights)), architecture, device, storage)


def upstream_network(laid: Laid, a: Architecture, device: str = "cpu") -> Any:
    config = {
        "dim": a.dim, "depth": a.depth, "heads": a.heads, "ff_mult": a.ff_mult, "text_dim": a.text_dim,
        "text_mask_padding": a.text_mask_padding, "conv_layers": a.conv_layers, "pe_attn_head": a.pe_attn_head,
    }  # fmt: skip
    with silence():
        return utils_infer.load_model(DiT, config, str(laid.weights), device=device)


class Ours:
    computes_in = "fp32"

    def __init__(
        self,
        laid: Laid,
        architecture: Architecture,
        recording: Path,
        device: str = "cpu",
        storage: torch.dtype = torch.float32,
    ) -> None:
        self.f5 = our_network(laid, architecture, device, storage)
        self._vocabulary: Vocabulary = read_vocabulary(VOCABULARY, architecture.text_num_embeds)
        self._vocoder = Vocos(laid.folder / "vocos", device)
        samples, _ = loaded(recording)
        self._voice = self._voice_of(samples)

    def mels(self, steps: int, seeds: Sequence[int] = (1,)) -> list[torch.Tensor]:
        """Later requests of a known voice, spoken together."""
        spoken = self.f5.speak([self._request(self._voice, seed) for seed in seeds], steps)
        return [each for each in spoken if each is not None]

    def speak(self, steps: int, seeds: Sequence[int] = (1,)) -> list[torch.Tensor]:
        """The same as sound."""
        return [self._vocoder(each) for each in self.mels(steps, seeds)]

    def _voice_of(self, samples: torch.Tensor) -> Voice:
        return self.f5.prepare(mel(samples), self._numbers(SAID))

    def _request(self, voice: Voice, seed: int = 1) -> Request:
        frames = duration.lasting(duration.pace(len(voice.mel), SAID), TEXT)
        return Request(voice, self._numbers(TEXT), frames, seed, is_wanted=lambda: True)

    def _numbers(self, text: str) -> tuple[int, ...]:
        return self._vocabulary.encode(tokens(text, Tokenizer.PINYIN)).numbers


def engine_of(laid: Laid, steps: int, device: str = "cpu") -> Engine:
    """The engine as a pod has it before its warm-up."""
    told = {"VOICE_MODEL_PATH": str(laid.folder), "F5_NFE": str(steps), "VOICE_DEVICE": device}
    return load("f5", told)


async def served(laid: Laid) -> Engine:
    """The engine as a pod holds it, warm."""
    engine = engine_of(laid, 5)
    await engine.warm_up()
    return engine


async def to_first_step(engine: Engine, voice: str) -> None:
    """All that the engine does for a text before its first step, where it finds that nobody waits any more."""
    (answer,) = await engine.synthesise([Job(Utterance(TEXT, voice), lambda: False)], 0)
    assert answer is None, answer


class Upstream:
    def __init__(
        self,
        laid: Laid,
        architecture: Architecture,
        recording: Path,
        device: str = "cpu",
        *,
        in_fp32: bool = False,
    ) -> None:
        """It chooses fp16 by itself on cards since Volta."""
        network = upstream_network(laid, architecture, device)
        self.network = network.float() if in_fp32 else network
        self._vocoder = upstream_vocoder(laid).to(device)
        self._recording = recording
        self._device = device

    @property
    def computes_in(self) -> str:
        return str(next(self.network.parameters()).dtype).replace("torch.float", "fp")

    def speak(self, steps: int) -> list[torch.Tensor]:
        with silence():
            sound, _, _ = utils_infer.infer_process(
                str(self._recording), SAID.rstrip(), TEXT, self.network, self._vocoder,
                nfe_step=steps, device=self._device, **QUIETLY,
            )  # fmt: skip
        return [torch.from_numpy(sound)]


class ReachedError(Exception):
    """Upstream would take its first step now."""


class FirstStep:
    """A model that does what comes before its first step, and stops there."""

    def __init__(self, spectrogram: Callable[[torch.Tensor], torch.Tensor]) -> None:
        self._spectrogram = spectrogram

    def sample(self, cond: torch.Tensor, **_: Any) -> None:
        self._spectrogram(cond)
        raise ReachedError


def upstream_to_first_step(recording: Path) -> None:
    with silence(), contextlib.suppress(ReachedError):
        path, said = utils_infer.preprocess_ref_audio_text(str(recording), SAID, show_info=print)
        utils_infer.infer_process(path, said, TEXT, FirstStep(MelSpec()), None, device="cpu", **QUIETLY)


def trimmed(laid: Laid) -> Path:
    """The recording as upstream trims it, so that both go on from the same frames."""
    with silence():
        path, _ = utils_infer.preprocess_ref_audio_text(str(laid.recording), SAID, show_info=print)
    samples, rate = loaded(Path(path))
    return stored(laid.folder / "trimmed.wav", samples, rate)


@contextlib.contextmanager
def silence() -> Iterator[None]:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield

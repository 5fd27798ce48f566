"""A voice as the model knows it: worked out of a recording once, then 133 KB on the CPU."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from torchaudio.functional import resample
from torchaudio.transforms import MelSpectrogram

from voice_server.audio.samples import Samples
from voice_server.engines.base import EngineError
from voice_server.engines.xtts.checkpoint import Model

SPEAKERS_FILE = "speakers.safetensors"
SHORTEST = 0.33
HEARD_RATE = 22050
_SPEAKER_RATE = 16000
_LATENTS, _EMBEDDING = ".latents", ".embedding"


@dataclass(frozen=True, slots=True)
class Voice:
    """`latents` (1, 32, width) condition the GPT, `embedding` (1, 512, 1) the vocoder; both on the CPU."""

    latents: Tensor
    embedding: Tensor

    @property
    def size(self) -> int:
        """Bytes."""
        return self.latents.nbytes + self.embedding.nbytes


class Listener:
    """Works voices out of recordings, with the lengths that the model's config.json names."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._device = model.mel_norms.device
        self._spectrogram = MelSpectrogram(
            n_fft=2048, hop_length=256, win_length=1024, power=2, sample_rate=HEARD_RATE,
            f_min=0, f_max=8000, n_mels=80, norm="slaney",
        ).to(self._device)  # fmt: skip

    @torch.inference_mode()
    def hear(self, samples: Samples, rate: int) -> Voice:
        """The voice in a recording at `rate` Hz; EngineError when there is less than a third of a second of it."""
        if len(samples) < SHORTEST * rate:
            raise EngineError(f"the recording lasts {len(samples) / rate:.2f} s; give at least {SHORTEST} s")
        recorded = torch.from_numpy(samples.copy()).to(self._device)
        heard = resample(recorded, rate, HEARD_RATE)
        heard = heard[: self._model.config.max_ref_len * HEARD_RATE]
        return Voice(self._latents(heard).cpu(), self._embedding(heard).cpu())

    def _latents(self, heard: Tensor) -> Tensor:
        chosen = heard[: self._model.config.gpt_cond_len * HEARD_RATE]
        pieces = chosen.split(self._model.config.gpt_cond_chunk_len * HEARD_RATE)
        styles = [
            self._model.gpt.get_style_emb(self._mel(piece)[None])
            for piece in pieces
            if len(piece) >= SHORTEST * HEARD_RATE
        ]
        return torch.stack(styles).mean(dim=0).transpose(1, 2)

    def _mel(self, piece: Tensor) -> Tensor:
        return torch.log(self._spectrogram(piece).clamp(min=1e-5)) / self._model.mel_norms[:, None]

    def _embedding(self, heard: Tensor) -> Tensor:
        encoder = self._model.decoder.speaker_encoder
        found: Tensor = encoder(resample(heard, HEARD_RATE, _SPEAKER_RATE)[None], l2_norm=True)
        return found[:, :, None]


def read(folder: Path) -> dict[str, Voice]:
    """The voices that came with a model, by name; none where the folder has no file of them."""
    path = folder / SPEAKERS_FILE
    if not path.is_file():
        return {}
    try:
        tensors = load_file(path)
        names = [key.removesuffix(_LATENTS) for key in tensors if key.endswith(_LATENTS)]
        return {
            name: Voice(tensors[name + _LATENTS].float(), tensors[name + _EMBEDDING].float())
            for name in names
        }
    except (OSError, SafetensorError, KeyError) as error:
        raise EngineError(f"{path}: {error}; write it anew from speakers_xtts.pth") from error


def write(path: Path, voices: Mapping[str, Voice]) -> None:
    """Write the voices as `read` reads them."""
    latents = {name + _LATENTS: voice.latents.contiguous() for name, voice in voices.items()}
    embeddings = {name + _EMBEDDING: voice.embedding.contiguous() for name, voice in voices.items()}
    save_file(latents | embeddings, path)

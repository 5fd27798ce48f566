"""Sound as F5-TTS sees it: 24,000 samples a second in, 93.75 frames of 100 bands a second out, as vocos-mel-24khz."""

from functools import cache

import torch
from torch import Tensor
from torchaudio.transforms import MelSpectrogram

SAMPLE_RATE = 24_000
HOP = 256
WINDOW = 1024
BANDS = 100
FAINTEST = 1e-5
"""Whatever is less loud counts as this, so that its logarithm exists."""


class TooShortError(ValueError):
    """There is less sound than one window needs; the message says how much there must be."""


def mel(samples: Tensor) -> Tensor:
    """Logarithms of the magnitude in each band: [n] fp32 within -1 to 1 -> [n // 256 + 1, 100], on the CPU."""
    if samples.ndim != 1 or len(samples) <= WINDOW // 2:
        raise TooShortError(
            f"a recording has the shape {tuple(samples.shape)}; write more than {WINDOW // 2} samples of one channel"
        )
    with torch.inference_mode():
        magnitudes: Tensor = _transform()(samples.float().cpu())
        return magnitudes.clamp(min=FAINTEST).log().T


@cache
def _transform() -> MelSpectrogram:
    return MelSpectrogram(
        sample_rate=SAMPLE_RATE, n_fft=WINDOW, win_length=WINDOW, hop_length=HOP, n_mels=BANDS, power=1
    )

"""HiFi-GAN, whole or bit by bit: a stream decodes each latent once, with a little of its surroundings."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional
from TTS.tts.layers.xtts.hifigan_decoder import HifiDecoder
from TTS.vocoder.models.hifigan_generator import HifiganGenerator, ResBlock1


class Vocoder:
    """The decoder of a model, run at `sample_rate` on the device where it was last put."""

    def __init__(self, decoder: HifiDecoder) -> None:
        self._generator = decoder.waveform_decoder
        self._stretch = (
            decoder.ar_mel_length_compression / decoder.output_hop_length,
            decoder.output_sample_rate / decoder.input_sample_rate,
        )
        self.sample_rate: int = decoder.output_sample_rate
        self.hop = math.prod(up.stride[0] for up in self._generator.ups)
        self.reach = _reach(self._generator)

    def move(self, device: torch.device) -> None:
        self._generator.to(device)

    @property
    def device(self) -> torch.device:
        device: torch.device = self._generator.conv_pre.weight.device
        return device

    def scales(self, speed: float) -> Sequence[float]:
        """By how much latents are stretched, one interpolation after the other, until they are frames."""
        paces = (1.0 / speed,) if speed != 1.0 else ()
        return (*paces, *(scale for scale in self._stretch if scale != 1.0))

    @torch.inference_mode()
    def frames(self, latents: Sequence[Tensor], speed: float) -> Tensor:
        """Latents of shape (width,) as the generator's input: (1, width, frames)."""
        stretched = torch.stack(list(latents)).to(self.device).t()[None]
        for scale in self.scales(speed):
            if stretched.shape[2] * scale < 1:
                return stretched[:, :, :0]
            stretched = functional.interpolate(stretched, scale_factor=scale, mode="linear")
        return stretched

    @torch.inference_mode()
    def decode(self, frames: Tensor, embedding: Tensor) -> Tensor:
        """The sound of the frames in the voice of `embedding` (1, 512, 1): floats on the CPU, `hop` a frame."""
        if not frames.shape[2]:
            return torch.zeros(0)
        sound: Tensor = self._generator(frames, g=embedding.to(self.device))
        return sound[0, 0].float().cpu()


class Stream:
    """One line's sound, while its latents still come. The bits laid end to end are its frames decoded at once."""

    def __init__(self, vocoder: Vocoder, embedding: Tensor, speed: float = 1.0) -> None:
        self._vocoder = vocoder
        self._embedding = embedding
        self._speed = speed
        self._spoken = 0

    def more(self, latents: Sequence[Tensor], *, is_last: bool) -> Tensor:
        """The sound that all latents so far settle and that was not given before: floats on the CPU."""
        frames = self._vocoder.frames(latents, self._speed)
        reach = self._vocoder.reach
        known = frames.shape[2] if is_last else self._settled(len(latents))
        until = known if is_last else known - reach
        if until <= self._spoken:
            return torch.zeros(0)
        first = max(0, self._spoken - reach)
        sound = self._vocoder.decode(frames[:, :, first:known], self._embedding)
        hop = self._vocoder.hop
        fresh = sound[(self._spoken - first) * hop : (until - first) * hop]
        self._spoken = until
        return fresh

    def _settled(self, count: int) -> int:
        """Frames that no later latent changes: interpolation looks one sample ahead, at half-sample offsets."""
        for scale in self._vocoder.scales(self._speed):
            count = max(0, math.floor(scale * (count - 0.5) - 0.5))
        return count


def _reach(generator: HifiganGenerator) -> int:
    """How many frames away a frame may change a sample, counted through the generator's convolutions."""
    rate, reach = 1, float(_half(generator.conv_pre))
    kernels: int = generator.num_kernels
    for number, up in enumerate(generator.ups):
        reach += math.ceil(up.kernel_size[0] / up.stride[0] / 2) / rate
        rate *= up.stride[0]
        blocks = generator.resblocks[number * kernels : (number + 1) * kernels]
        reach += max(map(_block_reach, blocks)) / rate
    return math.ceil(reach + _half(generator.conv_post) / rate)


def _block_reach(block: ResBlock1) -> int:
    return sum(_half(convolution) for convolution in (*block.convs1, *block.convs2))


def _half(convolution: nn.Conv1d) -> int:
    return convolution.dilation[0] * (convolution.kernel_size[0] - 1) // 2

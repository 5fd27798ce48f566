"""XTTS v2 in small: its true architecture with random weights, as upstream builds it and as our engine reads it.

Run as a program it writes one to the folder that it is given, with the recorded voice ana.
"""

import json
import string
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import Whitespace
from torch import Tensor
from TTS.tts.configs.xtts_config import XttsArgs, XttsConfig
from TTS.tts.layers.xtts.hifigan_decoder import HifiDecoder
from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer
from TTS.tts.models.xtts import Xtts

from support.sounds import RATE, SENTENCE, speech
from voice_server.audio.pcm import Audio
from voice_server.audio.samples import from_audio
from voice_server.engines.xtts.voice import Voice, write

WIDTH = 32
ONE_STEP = 2 / 32768
ARGS: dict[str, Any] = {
    "gpt_layers": 2,
    "gpt_n_model_channels": 64,
    "gpt_n_heads": 2,
    "gpt_max_audio_tokens": 120,
    "gpt_max_text_tokens": 402,
    "gpt_max_prompt_tokens": 70,
    "gpt_num_audio_tokens": 66,
    "gpt_start_audio_token": 64,
    "gpt_stop_audio_token": 65,
    "gpt_use_perceiver_resampler": True,
    "decoder_input_dim": 64,
}
FULL_ARGS: dict[str, Any] = ARGS | {
    "gpt_layers": 30,
    "gpt_n_model_channels": 1024,
    "gpt_n_heads": 16,
    "gpt_max_audio_tokens": 605,
    "gpt_num_audio_tokens": 1026,
    "gpt_start_audio_token": 1024,
    "gpt_stop_audio_token": 1025,
    "decoder_input_dim": 1024,
}
LANGUAGES = ["en", "pt"]


def a_checkpoint(folder: Path, tokens: int | None = None) -> Xtts:
    """Write a small model's folder; the upstream model with the same weights, ready to speak.

    Its configuration takes the likeliest token always: what ends once ends each time. Most lines end by themselves,
    with `tokens` all of them do, after that many.
    """
    upstream = an_upstream(folder, ARGS, WIDTH)
    _liven(upstream)
    if tokens:
        end_after(upstream, tokens)
    write_checkpoint(upstream, folder, {f"voz-{n}": a_voice(n) for n in range(2)})
    upstream.eval()
    return upstream


def environment(folder: Path, **changed: str) -> dict[str, str]:
    """What an engine is told that speaks from the folder."""
    return {
        "VOICE_ALLOW_NONCOMMERCIAL": "true",
        "VOICE_MODEL_PATH": str(folder),
        "VOICE_DEVICE": "cpu",
    } | changed


def an_upstream(folder: Path, args: dict[str, Any], width: int) -> Xtts:
    """Upstream's model with random weights, its vocabulary written to the folder."""
    torch.manual_seed(1)
    _vocabulary(folder / "vocab.json")
    config = XttsConfig(
        model_args=XttsArgs(**args), languages=LANGUAGES, temperature=0.0, repetition_penalty=10.0
    )
    upstream = Xtts(config)
    upstream.tokenizer = VoiceBpeTokenizer(vocab_file=str(folder / "vocab.json"))
    upstream.init_models()
    upstream.hifigan_decoder = HifiDecoder(
        decoder_input_dim=args["decoder_input_dim"], upsample_initial_channel_decoder=width
    )
    return upstream


def write_checkpoint(upstream: Xtts, folder: Path, voices: Mapping[str, Voice]) -> None:
    """What our engine reads, beside the vocabulary that is there already."""
    save_file(upstream.state_dict(), folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(upstream.config.to_dict()))
    write(folder / "speakers.safetensors", voices)


def a_voice(seed: int, args: dict[str, Any] = ARGS) -> Voice:
    generator = torch.Generator().manual_seed(seed)
    latents = torch.randn(1, 32, args["gpt_n_model_channels"], generator=generator)
    embedding = torch.nn.functional.normalize(torch.randn(1, 512, 1, generator=generator), dim=1)
    return Voice(latents, embedding)


def end_after(upstream: Xtts, tokens: int) -> None:
    """The place of the last token points to the end, so strongly that nothing outweighs it; no other place does."""
    gpt = upstream.gpt
    stop = gpt.stop_audio_token
    end = torch.sign(torch.randn(gpt.model_dim))
    gpt.mel_head.weight.data[stop] = end
    gpt.mel_head.bias.data[stop] = -0.5 * gpt.model_dim
    gpt.mel_pos_embedding.emb.weight.data[tokens - 1] = 1e4 * end


def _liven(upstream: Xtts) -> None:
    """Weights that make different texts sound different, and most lines end."""
    gpt = upstream.gpt
    for embedding in (
        gpt.text_embedding,
        gpt.mel_embedding,
        gpt.mel_pos_embedding.emb,
        gpt.text_pos_embedding.emb,
    ):
        embedding.weight.data.normal_(std=1.0)
    for block in gpt.gpt.h:
        for matrix in (block.attn.c_attn, block.attn.c_proj, block.mlp.c_fc, block.mlp.c_proj):
            matrix.weight.data.normal_(std=2.0 * matrix.weight.shape[0] ** -0.5)
    gpt.mel_head.weight.data.normal_(std=0.3)
    generator = upstream.hifigan_decoder.waveform_decoder
    for convolution in (generator.conv_pre, *generator.ups):
        convolution.bias.data.zero_()
    for convolution in generator.ups:
        convolution.parametrizations.weight.original0.data.mul_(4)
    upstream.mel_stats.uniform_(0.5, 1.5)


def _vocabulary(path: Path) -> None:
    special = ["[STOP]", "[UNK]", "[SPACE]", "[en]", "[pt]", "[START]"]
    letters = string.ascii_lowercase + "áàâãçéêíóôõúü" + "0123456789.,;:!?'-"
    vocabulary = {token: number for number, token in enumerate([*special, *letters])}
    tokenizer = Tokenizer(BPE(vocabulary, merges=[], unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.add_special_tokens(special)
    tokenizer.save(str(path))


def are_alike(one: object, other: object) -> bool:
    """Whether both are the same speech, but for the rounding of two numbers to 16 bits."""
    if not (isinstance(one, Audio) and isinstance(other, Audio)):
        return False
    a, b = from_audio(one), from_audio(other)
    return len(a) == len(b) and float(np.abs(a - b).max()) <= ONE_STEP


def laid_end_to_end(bits: Sequence[Audio]) -> Audio:
    """What a listener heard, as one sound at 24 kHz."""
    return Audio(b"".join(bit.samples for bit in bits), 24000)


def peak(one: Tensor, other: Tensor) -> float:
    """The largest difference between two sounds of the same length, as a part of the louder one's peak."""
    return float((one - other).abs().max() / torch.maximum(one.abs().max(), other.abs().max()))


if __name__ == "__main__":
    a_checkpoint(Path(sys.argv[1]))
    recording = Path(sys.argv[1], "voices", "ana.wav")
    recording.parent.mkdir()
    soundfile.write(recording, speech(SENTENCE, "pt-br+f2"), RATE, "PCM_16")

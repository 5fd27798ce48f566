"""A model's folder, read without network and without pickle: config.json, model.safetensors, vocab.json."""

import logging
import math
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized, remove_parametrizations
from TTS.tts.layers.xtts.gpt import GPT
from TTS.tts.layers.xtts.hifigan_decoder import HifiDecoder
from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer

from voice_server.engines.base import EngineError
from voice_server.engines.listed import first
from voice_server.engines.xtts import config
from voice_server.engines.xtts.config import Config, Shape
from voice_server.engines.xtts.transformer import Transformer

WEIGHTS_FILE = "model.safetensors"
VOCABULARY_FILE = "vocab.json"
CONVERT = "python -m voice_server.engines.xtts.convert"
_WIDTH = "hifigan_decoder.waveform_decoder.conv_pre.bias"
_SHOWN = 6
# It remarks that GPT-2's own text tokens, which XTTS does not use, are not in XTTS's vocabulary.
logging.getLogger("transformers.configuration_utils").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Model:
    """XTTS v2 as coqui builds it, in evaluation mode; nothing in it changes while it speaks."""

    folder: Path
    config: Config
    gpt: GPT
    """Its embeddings and heads; the blocks between them moved into `transformer`."""
    transformer: Transformer
    decoder: HifiDecoder
    tokenizer: VoiceBpeTokenizer
    mel_norms: Tensor
    """What each of the 80 mel bands is divided by; shape (80,)."""


def load(folder: Path, device: torch.device) -> Model:
    """The model in `folder` on `device`; EngineError names each file, key or shape that is not as it must be."""
    settings = config.read(folder)
    tokenizer = _tokenizer(folder / VOCABULARY_FILE)
    weights = _weights(folder)
    parts = _parts(settings.model_args, tokenizer, weights)
    _assign(parts, weights, folder / WEIGHTS_FILE)
    decoder: HifiDecoder = parts["hifigan_decoder"]
    _plain(decoder)
    parts.eval().requires_grad_(requires_grad=False).to(device)
    gpt: GPT = parts["gpt"]
    return Model(
        folder, settings, gpt, Transformer.of(gpt), decoder, tokenizer, parts.get_buffer("mel_stats")
    )


def _weights(folder: Path) -> dict[str, Tensor]:
    """The tensors by name. Stored as halves or doubles, they come as the floats that all is computed in."""
    path = folder / WEIGHTS_FILE
    if not path.is_file():
        pickled = sorted(each.name for each in folder.glob("*.pth"))
        found = (
            f"{', '.join(pickled)} would run code when read" if pickled else "there is nothing in its place"
        )
        raise EngineError(f"{path}: no such file ({found}); write it with `{CONVERT} FOLDER OUTPUT`")
    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        raise EngineError(f"{path}: {error}; copy the file again") from error
    for name, each in weights.items():
        weights[name] = each.float() if each.is_floating_point() else each
    return weights


def _tokenizer(path: Path) -> VoiceBpeTokenizer:
    if not path.is_file():
        raise EngineError(f"{path}: no such file; mount the vocabulary that the weights were trained with")
    try:
        return VoiceBpeTokenizer(vocab_file=str(path))
    except Exception as error:  # its parser raises nothing narrower
        raise EngineError(f"{path}: {error}; mount XTTS v2's own vocab.json there") from error


def _parts(shape: Shape, tokenizer: VoiceBpeTokenizer, weights: dict[str, Tensor]) -> nn.ModuleDict:
    if _WIDTH not in weights:
        raise EngineError(f"{WEIGHTS_FILE}: there is no {_WIDTH}; it does not hold XTTS v2")
    decoder = HifiDecoder(
        input_sample_rate=shape.input_sample_rate,
        output_sample_rate=shape.output_sample_rate,
        output_hop_length=shape.output_hop_length,
        ar_mel_length_compression=shape.gpt_code_stride_len,
        decoder_input_dim=shape.decoder_input_dim,
        upsample_initial_channel_decoder=weights[_WIDTH].shape[0],
        d_vector_dim=shape.d_vector_dim,
    )
    parts = nn.ModuleDict({"gpt": _gpt(shape, tokenizer), "hifigan_decoder": decoder})
    parts.register_buffer("mel_stats", torch.ones(80))
    return parts


def _gpt(shape: Shape, tokenizer: VoiceBpeTokenizer) -> GPT:
    with torch.device("meta"):
        return GPT(
            layers=shape.gpt_layers,
            model_dim=shape.gpt_n_model_channels,
            heads=shape.gpt_n_heads,
            start_text_token=tokenizer.tokenizer.token_to_id("[START]"),
            stop_text_token=tokenizer.tokenizer.token_to_id("[STOP]"),
            number_text_tokens=tokenizer.get_number_tokens(),
            max_text_tokens=shape.gpt_max_text_tokens,
            max_mel_tokens=shape.gpt_max_audio_tokens,
            max_prompt_tokens=shape.gpt_max_prompt_tokens,
            num_audio_tokens=shape.gpt_num_audio_tokens,
            start_audio_token=shape.gpt_start_audio_token,
            stop_audio_token=shape.gpt_stop_audio_token,
            code_stride_len=shape.gpt_code_stride_len,
            use_perceiver_resampler=True,
        )


def _assign(parts: nn.Module, weights: dict[str, Tensor], path: Path) -> None:
    wanted = parts.state_dict()
    common = sorted(wanted.keys() & weights.keys())
    faults = {
        "missing": sorted(wanted.keys() - weights.keys()),
        "unexpected": sorted(weights.keys() - wanted.keys()),
        "of another shape": [
            f"{name} {list(weights[name].shape)} instead of {list(wanted[name].shape)}"
            for name in common
            if weights[name].shape != wanted[name].shape
        ],
        "of another type": [
            f"{name} {weights[name].dtype} instead of {wanted[name].dtype}"
            for name in common
            if weights[name].dtype != wanted[name].dtype
        ],
        "not finite": sorted(name for name, each in weights.items() if not _is_finite(each)),
    }
    said = [f"{len(names)} {fault}: {first(names, _SHOWN)}" for fault, names in faults.items() if names]
    if said:
        raise EngineError(f"{path}: {'; '.join(said)}. Write it anew with `{CONVERT} FOLDER OUTPUT`")
    parts.load_state_dict(weights, assign=True)


def _is_finite(tensor: Tensor) -> bool:
    if not tensor.is_floating_point() or not tensor.numel():
        return True
    least, most = tensor.aminmax()
    return math.isfinite(least) and math.isfinite(most)


def _plain(decoder: HifiDecoder) -> None:
    """Weight normalisation worked out once instead of at every call."""
    for module in decoder.waveform_decoder.modules():
        if is_parametrized(module):
            for name in list(module.parametrizations):
                remove_parametrizations(module, name)

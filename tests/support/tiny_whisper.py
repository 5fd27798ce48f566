"""A Whisper model of 200 kB that hears anything and says one word.

Its layers add nothing; what it says next depends on the last token alone.
"""

from pathlib import Path
from typing import Any

import numpy as np
from ctranslate2.specs import WhisperSpec
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

WIDTH = 16
TIMESTAMPS = 1501
_SPECIAL = (
    "<|endoftext|>", "<|startoftranscript|>", "<|pt|>", "<|en|>", "<|translate|>", "<|transcribe|>",
    "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>",
)  # fmt: skip


def write(folder: Path, says: str) -> Path:
    """The model in a new folder; `says` is at most 12 bytes of letters."""
    tokenizer = _tokenizer()
    size = tokenizer.get_vocab_size()
    spec = _spec(size + 1)
    spoken = [*tokenizer.encode(says).ids, tokenizer.token_to_id("<|endoftext|>")]
    before = [tokenizer.token_to_id("<|notimestamps|>"), *spoken[:-1]]
    for place, (last, following) in enumerate(zip(before, spoken, strict=True)):
        spec.decoder.embeddings.weight[last, place] = 1
        spec.decoder.projection.weight[following, place] = 10
    folder.mkdir()
    # CTranslate2 knows a model of many languages by the empty token.
    spec.register_vocabulary([*map(tokenizer.id_to_token, range(size)), ""])
    spec.validate()
    spec.optimize(quantization="int8")
    spec.save(str(folder))
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def _tokenizer() -> Tokenizer:
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = {letter: number for number, letter in enumerate(letters)}
    tokenizer = Tokenizer(models.BPE(words, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([*_SPECIAL, *(f"<|{each * 0.02:.2f}|>" for each in range(TIMESTAMPS))])
    return tokenizer


def _spec(tokens: int) -> Any:
    spec = WhisperSpec(1, 2, 1, 2)
    encoder, decoder = spec.encoder, spec.decoder
    encoder.conv1.weight, encoder.conv1.bias = _zeros(WIDTH, 80, 3), _zeros(WIDTH)
    encoder.conv2.weight, encoder.conv2.bias = _zeros(WIDTH, WIDTH, 3), _zeros(WIDTH)
    encoder.position_encodings.encodings = _zeros(1500, WIDTH)
    decoder.position_encodings.encodings = _zeros(448, WIDTH)
    decoder.embeddings.weight = _zeros(tokens, WIDTH)
    decoder.projection.weight = _zeros(tokens, WIDTH)
    for part in (encoder, decoder):
        _fill_norm(part.layer_norm)
        _fill_attention(part.layer[0].self_attention, 3, 1)
        _fill_norm(part.layer[0].ffn.layer_norm)
        _fill_linear(part.layer[0].ffn.linear_0, 4, 1)
        _fill_linear(part.layer[0].ffn.linear_1, 1, 4)
    _fill_attention(decoder.layer[0].attention, 1, 2, 1)
    return spec


def _fill_attention(attention: Any, *heights: int) -> None:
    _fill_norm(attention.layer_norm)
    for linear, height in zip(attention.linear, heights, strict=True):
        _fill_linear(linear, height, 1)


def _fill_linear(linear: Any, height: int, width: int) -> None:
    linear.weight, linear.bias = _zeros(height * WIDTH, width * WIDTH), _zeros(height * WIDTH)


def _fill_norm(norm: Any) -> None:
    norm.gamma, norm.beta = np.ones(WIDTH, np.float32), _zeros(WIDTH)


def _zeros(*shape: int) -> Any:
    return np.zeros(shape, np.float32)

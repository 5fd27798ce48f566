"""A folder that the F5 engine serves: a tiny checkpoint of the true architecture, a tiny Vocos, and voices of espeak.

Run as a program it writes one to the folder that it is given.
"""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import soundfile

from support import checkpoints
from support.f5 import TINY_V1, random_weights
from support.sounds import RATE, SENTENCE, speech
from support.vocoders import TINY, a_vocoder

SIZE = replace(TINY_V1, mel_dim=100, text_num_embeds=60)


def a_model(folder: Path, **about: Any) -> Path:
    """Weights, vocabulary, sidecar (`about` changes it), vocoder, and the voices ana and rui."""
    weights = folder / "model.safetensors"
    checkpoints.write(weights, checkpoints.of(random_weights(SIZE)))
    checkpoints.write_vocabulary(folder / "vocab.txt", SIZE.text_num_embeds)
    checkpoints.write_sidecar(weights, **({"licence": "MIT"} | about))
    a_vocoder(folder / "vocos", TINY)
    for name, voice in (("ana", "pt-br+f2"), ("rui", "pt-br")):
        a_voice(folder / "voices", name, voice)
    return folder


def a_voice(folder: Path, name: str, voice: str, transcript: str | None = SENTENCE) -> None:
    """What espeak-ng says as `voice`, and its words unless there are none."""
    folder.mkdir(exist_ok=True)
    soundfile.write(folder / f"{name}.wav", speech(SENTENCE, voice), RATE, "PCM_16")
    if transcript is not None:
        (folder / f"{name}.txt").write_text(transcript)


if __name__ == "__main__":
    a_model(Path(sys.argv[1]))

"""A recording that lies beside a checkpoint, as its network hears it."""

from pathlib import Path

import torch
from torch import Tensor

from voice_server.audio import reference, upload
from voice_server.audio.passage import LONGEST
from voice_server.audio.pcm import AudioError
from voice_server.engines.f5.checkpoint import CheckpointError
from voice_server.engines.f5.mel import SAMPLE_RATE, mel


def heard(path: Path) -> Tensor:
    """Its mel, [frames, 100]; CheckpointError when it is no clear speech of 3 to 12 s."""
    try:
        recording = upload.read(path.read_bytes())
        prepared = reference.prepare(recording, SAMPLE_RATE)
    except OSError as error:
        raise CheckpointError(f"{path}: {error.strerror}; put the recording there") from error
    except AudioError as error:
        raise CheckpointError(f"{path}: {error}") from error
    if prepared.needs_transcript:
        raise CheckpointError(f"{path}: longer than {LONGEST:g} s; cut it, and the transcript with it")
    return mel(torch.tensor(prepared.samples))
